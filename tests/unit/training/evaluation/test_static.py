import dataclasses
from functools import partial

import numpy as np

from contento.model.online.ridge import Prior
from contento.training.evaluation import static
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.static import FOLDS, evaluate_static

TRAIN, TEST = np.arange(1200), np.arange(1200, 1500)


def test_factors_beat_biases_beat_the_mean_and_ours_is_no_worse(planted: Ratings) -> None:
    fits: list[int] = []
    found = evaluate_static(planted, TRAIN, TEST, report=fits.append)
    rmse = {name: figures["rmse"] for name, figures in found.items()}
    assert list(rmse) == ["contento", "mean", "bias", "matrix_factorisation"]
    assert rmse["contento"] < rmse["matrix_factorisation"] + 0.02
    assert rmse["matrix_factorisation"] < rmse["bias"] - 0.05
    assert rmse["bias"] < rmse["mean"] - 0.2
    assert sum(fits) == FOLDS + 1


def test_predictions_do_not_depend_on_the_ratings_to_be_predicted(planted: Ratings) -> None:
    turned = planted.ratings.copy()
    turned[TEST] = 6 - turned[TEST]
    other = dataclasses.replace(planted, ratings=turned)
    for predictor in (
        static._mean,
        partial(static._contento, seed=0, report=None),
        partial(static._factors, prior=Prior(rank=3), seed=0),
    ):
        assert np.array_equal(predictor(planted, TRAIN, TEST), predictor(other, TRAIN, TEST))
