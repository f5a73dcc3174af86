"""Prequential evaluation on users and items alone: predict, then judge, then learn, at every rating."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contento.model.interface import RATINGS
from contento.model.online.case import Case, OnlineModel
from contento.model.online.conformal import AdaptiveInterval
from contento.model.online.distribution import StarDistribution
from contento.model.online.stacked import StackedOnline
from contento.training.evaluation.baselines import RiverRecommender, RunningMean, bias, biased_mf
from contento.training.evaluation.groups import by_group
from contento.training.evaluation.metrics import Judgement, Predicted, Truth, coverage_windows, stars
from contento.training.evaluation.prequential_live import predicted_live
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.report import Report, silent
from contento.training.evaluation.slices import by_familiarity, seen_before

_REPORT_EVERY: Final = 100


def evaluate_prequential_ids(
    ratings: Ratings,
    *,
    groups: Sequence[str] = (),
    seed: int = 0,
    report: Report = silent,
) -> dict[str, Any]:
    """Return the metrics of ours and of the baselines, each from the same pass over the ratings.

    Args:
        ratings: What to predict, in order.
        groups: Attributes by which to compare groups.
        seed: Of our model.
        report: Told the model, how many more ratings it has behind it, and how many there are.

    Returns:
        By model: the figures, `seconds`, `slices`; for `contento` and `live` also `coverage` and `width` of their 90 %
        intervals; for `contento` also `coverage_windows`, and `groups`, if asked for.
    """
    asked = {name: ratings.attribute(name) for name in groups}
    truth = Truth.of_ratings(ratings.ratings)
    slices = by_familiarity(*(seen_before([each(case) for case in ratings.cases]) for each in (_user, _item)))
    found: dict[str, Any] = {}

    def judge(name: str, predicted: Predicted, start: float) -> Judgement:
        seconds = round(perf_counter() - start, 3)
        judgement = Judgement(predicted, truth)
        found[name] = {**judgement.figures(), "seconds": seconds, "slices": judgement.by_slice(slices)}
        return judgement

    with threadpool_limits(limits=1):  # the steps are small: threads would only wait for each other
        start = perf_counter()
        judgement = judge("contento", _contento(ratings, seed, report), start)
        found["contento"]["model"] = "online"
        found["contento"]["coverage_windows"] = coverage_windows(judgement.measures["coverage"].values[:, 0])
        if asked:
            found["contento"]["groups"] = by_group(judgement, asked, seed=seed)
        start = perf_counter()
        judge("live", predicted_live(ratings, report), start)
        for name, model in baseline_models(ratings).items():
            start = perf_counter()
            shares = running_shares(stars(ratings.ratings) - 1, len(RATINGS)) if name == "mean" else None
            judge(name, Predicted(rating=predictions(name, model, ratings, report), distribution=shares), start)
    return found


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


def predictions(name: str, model: OnlineModel, ratings: Ratings, report: Report) -> NDArray[np.float64]:
    """Return what a model expects, `[N]`, of each rating before it learns it."""
    predicted = np.empty(len(ratings.cases))
    for index, (case, rating) in enumerate(zip(ratings.cases, ratings.ratings.tolist(), strict=True)):
        predicted[index] = model.predict(case)
        model.learn(case, rating)
        _tell(report, name, index + 1, len(predicted))
    return predicted


def running_shares(classes: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return how frequent each of the classes was before each row, `[N, count]`; each was once before the first."""
    chosen = np.eye(count)[classes]
    before = np.cumsum(chosen, axis=0) - chosen + 1
    return np.asarray(before / before.sum(1, keepdims=True))


def _contento(ratings: Ratings, seed: int, report: Report) -> Predicted:
    model, interval, stars_of = our_model(ratings, seed), AdaptiveInterval(), StarDistribution()
    size = len(ratings.cases)
    predicted, shares, ends = np.empty(size), np.empty((size, len(RATINGS))), np.empty((size, 2))
    for index, (case, rating) in enumerate(zip(ratings.cases, ratings.ratings.tolist(), strict=True)):
        expected, spread = model.predict(case), model.spread(case)
        predicted[index] = expected
        shares[index] = stars_of.distribution(expected, spread)
        ends[index] = interval.interval(expected, spread)
        interval.learn(expected, spread, rating)
        stars_of.learn(expected, spread, rating)
        model.learn(case, rating)
        _tell(report, "contento", index + 1, size)
    return Predicted(rating=predicted, distribution=shares, ends=ends)


def _tell(report: Report, name: str, done: int, size: int) -> None:
    if done % _REPORT_EVERY == 0 or done == size:
        report(name, (done - 1) % _REPORT_EVERY + 1, size)


def _user(case: Case) -> int:
    return case.user


def _item(case: Case) -> int:
    return case.item
