"""Predict, then judge, then learn: at every rating, in the order of the data."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contento.model.online.case import OnlineModel
from contento.model.online.conformal import AdaptiveInterval
from contento.model.online.stacked import StackedOnline
from contento.training.evaluation.baselines import RiverRecommender, RunningMean, bias, biased_mf
from contento.training.evaluation.metrics import by_slice, errors, intervals
from contento.training.evaluation.ratings import Ratings

COLD: Final = 5
"""A user or an item with fewer ratings is cold."""
_REPORT_EVERY: Final = 100

Report = Callable[[str, int], None]


def evaluate_prequential(ratings: Ratings, *, seed: int = 0, report: Report | None = None) -> dict[str, Any]:
    """Return the metrics of ours and of the baselines, each from the same pass over the ratings.

    Args:
        ratings: What to predict, in order.
        seed: Of our model.
        report: Called with a model's name and the number of ratings it has behind it.

    Returns:
        By model: `rmse`, `mae`, `n`, `seconds`, `slices`; for `contento` also `coverage` and `width` of its
        90 % intervals.
    """
    models = baseline_models(ratings)
    with threadpool_limits(limits=1):  # the steps are small: threads would only wait for each other
        ours = _contento(ratings, seed, report or _silent)
        return {"contento": ours} | {
            name: _judged(name, model, ratings, report or _silent) for name, model in models.items()
        }


def baseline_models(ratings: Ratings) -> dict[str, OnlineModel]:
    """Return the baselines, fresh, by name."""
    ids = (ratings.user_ids, ratings.item_ids)
    return {
        "mean": RunningMean(),
        "bias": RiverRecommender(bias(), *ids),
        "river_biased_mf": RiverRecommender(biased_mf(), *ids),
    }


def our_model(ratings: Ratings, seed: int) -> StackedOnline:
    """Return our model with room for the users and items of the ratings, and nothing learned."""
    return StackedOnline(
        users=len(ratings.user_ids),
        items=len(ratings.item_ids),
        categories=ratings.categories,
        numbers=ratings.numbers,
        values=ratings.values,
        seed=seed,
    )


def slices(ratings: Ratings) -> Mapping[str, NDArray[np.bool_]]:
    """Return which ratings `[N]` are of a user or an item that had fewer than `COLD` ratings then, and of neither."""
    users = _seen([case.user for case in ratings.cases]) < COLD
    items = _seen([case.item for case in ratings.cases]) < COLD
    return {"cold_users": users, "cold_items": items, "warm": ~(users | items)}


def _contento(ratings: Ratings, seed: int, report: Report) -> dict[str, Any]:
    model, interval = our_model(ratings, seed), AdaptiveInterval()
    ends = np.empty((len(ratings.cases), 2))
    predicted = np.empty(len(ratings.cases))
    start = perf_counter()
    for index, (case, rating) in enumerate(zip(ratings.cases, ratings.ratings.tolist(), strict=True)):
        expected, spread = model.predict(case), model.spread(case)
        predicted[index] = expected
        ends[index] = interval.interval(expected, spread)
        interval.learn(expected, spread, rating)
        model.learn(case, rating)
        if (index + 1) % _REPORT_EVERY == 0:
            report("contento", index + 1)
    return _summary(predicted, ratings, perf_counter() - start) | intervals(ends, ratings.ratings)


def _judged(name: str, model: OnlineModel, ratings: Ratings, report: Report) -> dict[str, Any]:
    predicted = np.empty(len(ratings.cases))
    start = perf_counter()
    for index, (case, rating) in enumerate(zip(ratings.cases, ratings.ratings.tolist(), strict=True)):
        predicted[index] = model.predict(case)
        model.learn(case, rating)
        if (index + 1) % _REPORT_EVERY == 0:
            report(name, index + 1)
    return _summary(predicted, ratings, perf_counter() - start)


def _summary(predicted: NDArray[np.float64], ratings: Ratings, seconds: float) -> dict[str, Any]:
    return {
        **errors(predicted, ratings.ratings),
        "n": len(predicted),
        "seconds": round(seconds, 3),
        "slices": by_slice(predicted, ratings.ratings, slices(ratings)),
    }


def _seen(ids: list[int]) -> NDArray[np.int64]:
    """Return how often each id `[N]` came before."""
    counts: dict[int, int] = {}
    found = np.empty(len(ids), np.int64)
    for index, each in enumerate(ids):
        found[index] = counts.get(each, 0)
        counts[each] = counts.get(each, 0) + 1
    return found


def _silent(name: str, done: int) -> None:
    pass
