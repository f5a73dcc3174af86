"""Prequential evaluation of a frozen bundle on the model's input rows."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contento.model.bundle import Bundle
from contento.model.interface import SATISFACTION
from contento.model.online.conformal import AdaptiveInterval
from contento.training.evaluation.groups import by_group
from contento.training.evaluation.labelled import Labelled, attribute
from contento.training.evaluation.metrics import Judgement, Predicted, Truth, coverage_windows
from contento.training.evaluation.prequential_ids import baseline_models, predictions, running_shares
from contento.training.evaluation.ratings import ratings_of
from contento.training.evaluation.report import Report
from contento.training.evaluation.served import Served, predicted, spread
from contento.training.evaluation.slices import by_familiarity, seen_before
from contento.training.evaluation.static_rows import without_towers
from contento.training.train_rows import TrainingRows


def evaluate_prequential_rows(
    events: Labelled, rows: TrainingRows, *, bundle: Bundle, groups: Sequence[str], seed: int, report: Report
) -> dict[str, Any]:
    """Return the metrics of a bundle and of the baselines, each event judged when it was first rated or labelled.

    The bundle learns nothing; the online factors among its inputs, and its intervals, do.
    """
    rows = rows.take(events.told)
    truth = Truth(ratings=events.truth.ratings[events.told], labels=events.truth.labels[events.told])
    asked = {name: attribute(rows, name) for name in groups}
    slices = by_familiarity(seen_before(rows.user.tolist()), seen_before(rows.item.tolist()))
    rated = np.flatnonzero(np.isfinite(truth.ratings))
    start = perf_counter()
    served = Served(bundle, rows, report)
    answers = served.answers()
    ends = np.full((len(rows), 2), np.nan)
    prediction = predicted(answers)
    assert prediction.rating is not None  # noqa: S101 - a bundle predicts ratings
    ends[rated] = _adaptive(bundle, prediction.rating[rated], spread(answers)[rated], truth.ratings[rated])
    judgement = Judgement(
        Predicted(rating=prediction.rating, distribution=prediction.distribution, ends=ends, labels=prediction.labels),
        truth,
    )
    contento: dict[str, Any] = {
        "model": "bundle",
        "bundle": bundle.hash,
        **judgement.figures(),
        "seconds": round(perf_counter() - start, 3),
        "slices": judgement.by_slice(slices) | without_towers(served, truth),
    }
    if len(rated):
        contento["coverage_windows"] = coverage_windows(judgement.measures["coverage"].values[rated, 0])
    if asked:
        contento["groups"] = by_group(judgement, asked, seed=seed)
    found = {"contento": contento}
    for name, (each, seconds) in _baselines(rows, truth, rated, report).items():
        judgement = Judgement(each, truth)
        found[name] = {**judgement.figures(), "seconds": seconds, "slices": judgement.by_slice(slices)}
    return found


def _adaptive(
    bundle: Bundle, expected: NDArray[np.float64], spreads: NDArray[np.float64], ratings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the intervals `[N, 2]`, each as it stood before its rating."""
    width = bundle.calibration.width
    interval = AdaptiveInterval(start=width) if np.isfinite(width) else AdaptiveInterval()
    ends = np.empty((len(ratings), 2))
    for index, (mean, deviation, rating) in enumerate(
        zip(expected.tolist(), spreads.tolist(), ratings.tolist(), strict=True)
    ):
        ends[index] = interval.interval(mean, deviation)
        interval.learn(mean, deviation, rating)
    return ends


def _baselines(
    rows: TrainingRows, truth: Truth, rated: NDArray[np.intp], report: Report
) -> dict[str, tuple[Predicted, float]]:
    """Return predictions and the seconds they took, by model."""
    found: dict[str, tuple[Predicted, float]] = {}
    if len(rated):
        ratings = ratings_of(rows.user[rated].tolist(), rows.item[rated].tolist(), truth.ratings[rated])
        with threadpool_limits(limits=1):
            for name, model in baseline_models(ratings).items():
                start = perf_counter()
                expected = np.full(len(rows), np.nan)
                expected[rated] = predictions(name, model, ratings, report)
                found[name] = (Predicted(rating=expected), round(perf_counter() - start, 3))
    told = np.flatnonzero(truth.labels >= 0)
    if len(told):
        shares = np.zeros((len(rows), len(SATISFACTION)))
        shares[told] = running_shares(truth.labels[told], len(SATISFACTION))
        known, seconds = found.get("mean", (Predicted(), 0.0))
        found["mean"] = (Predicted(rating=known.rating, labels=shares), seconds)
    return found
