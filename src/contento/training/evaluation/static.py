"""Learn one part, then predict another with nothing learned in between."""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contento.model.online.case import Past
from contento.model.online.offline import fit_offline
from contento.model.online.ridge import Prior, RidgeFactors
from contento.training.evaluation.metrics import by_slice, errors
from contento.training.evaluation.prequential import COLD, our_model
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.splits import Indices

_Predictor = Callable[[Ratings, Indices, Indices], NDArray[np.float64]]
_SWEEPS: Final = 12
FOLDS: Final = 5


def evaluate_static(
    ratings: Ratings, train: Indices, test: Indices, *, seed: int = 0, report: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Return the metrics of ours and of the baselines on the test part.

    Args:
        ratings: All ratings.
        train: Positions of those to learn.
        test: Positions of those to predict.
        seed: Of everything random.
        report: Called with 1 after each of `FOLDS + 1` fits of ours.

    Returns:
        By model: `rmse`, `mae`, `n`, `seconds` to fit and predict, and `slices`.
    """
    predictors: dict[str, _Predictor] = {
        "contento": partial(_contento, seed=seed, report=report),
        "mean": _mean,
        "bias": partial(_factors, prior=Prior(rank=0), seed=seed),
        "matrix_factorisation": partial(_factors, prior=Prior(rank=12, vector=0.2), seed=seed),
    }
    truth = ratings.ratings[test]
    slices = _slices(ratings, train, test)
    found = {}
    with threadpool_limits(limits=1):
        for name, predictor in predictors.items():
            start = perf_counter()
            predicted = np.clip(predictor(ratings, train, test), 1, 5)
            found[name] = {
                **errors(predicted, truth),
                "n": len(test),
                "seconds": round(perf_counter() - start, 3),
                "slices": by_slice(predicted, truth, slices),
            }
    return found


def _mean(ratings: Ratings, train: Indices, test: Indices) -> NDArray[np.float64]:
    return np.full(len(test), ratings.ratings[train].mean())


def _factors(ratings: Ratings, train: Indices, test: Indices, *, prior: Prior, seed: int) -> NDArray[np.float64]:
    model = RidgeFactors(users=len(ratings.user_ids), items=len(ratings.item_ids), priors=[prior], seed=seed)
    past = Past()
    for index in train:
        past.append(ratings.cases[index], float(ratings.ratings[index]))
    model.refit(past, _SWEEPS)
    return np.array([model.predict(case.user, case.item)[0][0] for case in (ratings.cases[index] for index in test)])


def _contento(
    ratings: Ratings, train: Indices, test: Indices, *, seed: int, report: Callable[[int], None] | None
) -> NDArray[np.float64]:
    model = fit_offline(
        lambda: our_model(ratings, seed),
        [ratings.cases[index] for index in train],
        ratings.ratings[train],
        seed=seed,
        folds=FOLDS,
        report=report,
    )
    return np.array([model.predict(ratings.cases[index]) for index in test])


def _slices(ratings: Ratings, train: Indices, test: Indices) -> dict[str, NDArray[np.bool_]]:
    """Return which test ratings are have a user or an item with fewer than `COLD` ratings learned, or neither."""
    users = np.array([case.user for case in ratings.cases])
    items = np.array([case.item for case in ratings.cases])
    cold_users = np.bincount(users[train], minlength=len(ratings.user_ids))[users[test]] < COLD
    cold_items = np.bincount(items[train], minlength=len(ratings.item_ids))[items[test]] < COLD
    return {"cold_users": cold_users, "cold_items": cold_items, "warm": ~(cold_users | cold_items)}
