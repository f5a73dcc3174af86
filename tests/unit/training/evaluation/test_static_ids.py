import dataclasses
from functools import partial

import numpy as np

from contento.model.online.ridge import Prior
from contento.training.evaluation import static_ids
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.report import silent
from contento.training.evaluation.static_ids import FOLDS, evaluate_ids

TRAIN, TEST = np.arange(1200), np.arange(1200, 1500)


def test_factors_beat_biases_beat_the_mean_and_ours_is_no_worse(planted: Ratings) -> None:
    fits: list[int] = []
    found = evaluate_ids(planted, TRAIN, TEST, report=lambda _stage, more, _total: fits.append(more))
    rmse = {name: figures["rmse"] for name, figures in found.items()}
    assert list(rmse) == ["contento", "mean", "bias", "matrix_factorisation"]
    assert rmse["contento"] < rmse["matrix_factorisation"] + 0.02
    assert rmse["matrix_factorisation"] < rmse["bias"] - 0.05
    assert rmse["bias"] < rmse["mean"] - 0.2
    assert sum(fits) == FOLDS + 1
    assert found["contento"]["model"] == "online"
    assert found["contento"]["log_loss"] < 1.5
    assert found["bias"]["slices"]["warm"]["n"] + found["bias"]["slices"].get("cold_items", {"n": 0})["n"] <= len(TEST)


def test_predictions_do_not_depend_on_the_ratings_to_be_predicted(planted: Ratings) -> None:
    turned = planted.ratings.copy()
    turned[TEST] = 6 - turned[TEST]
    other = dataclasses.replace(planted, ratings=turned)
    for predictor in (
        static_ids._mean,
        partial(static_ids._contento, seed=0, report=silent),
        partial(static_ids._factors, prior=Prior(rank=3), seed=0),
    ):
        one, two = (predictor(ratings, TRAIN, TEST).rating for ratings in (planted, other))
        assert one is not None
        assert two is not None
        assert np.array_equal(one, two)
