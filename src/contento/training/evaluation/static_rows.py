"""Static evaluation on the model's input rows: a bundle beside baselines that know ids, and ones that read texts."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contento.model.bundle import Bundle
from contento.model.interface import RATINGS, SATISFACTION
from contento.training.evaluation import reading
from contento.training.evaluation.groups import by_group
from contento.training.evaluation.labelled import Labelled, attribute
from contento.training.evaluation.metrics import Judgement, Predicted, Truth, stars
from contento.training.evaluation.ratings import ratings_of
from contento.training.evaluation.report import Report
from contento.training.evaluation.served import Served, predicted
from contento.training.evaluation.slices import by_familiarity, seen_among
from contento.training.evaluation.splits import Indices
from contento.training.evaluation.static_ids import Predictor, id_baselines
from contento.training.train_rows import TrainingRows


def evaluate_rows(
    events: Labelled,
    rows: TrainingRows,
    train: Indices,
    test: Indices,
    *,
    bundle: Callable[[], Bundle],
    kind: Literal["bundle", "network"],
    groups: Sequence[str],
    seed: int,
    report: Report,
) -> dict[str, Any]:
    """Return the metrics of a bundle and of the baselines on the test part.

    Args:
        events: What is labelled.
        rows: Their rows.
        train: Positions of those to learn.
        test: Positions of those to predict.
        bundle: Returns the bundle to judge; may train it.
        kind: Where it comes from.
        groups: Attributes by which to compare groups.
        seed: Of everything random.
        report: Told the progress.

    Returns:
        By model: the figures, `seconds` to fit and predict, and `slices`; for `contento` also `model`, the hash of
        the `bundle`, and `groups`, if asked for.
    """
    asked = {name: attribute(rows, name)[test] for name in groups}
    truth = Truth(ratings=events.truth.ratings[test], labels=events.truth.labels[test])
    slices = by_familiarity(*(seen_among(ids[train].tolist(), ids[test].tolist()) for ids in (rows.user, rows.item)))
    start = perf_counter()
    judged = bundle()
    served = Served(judged, rows.take(test), report)
    judgement = Judgement(predicted(served.answers()), truth)
    contento: dict[str, Any] = {
        "model": kind,
        "bundle": judged.hash,
        **judgement.figures(),
        "seconds": round(perf_counter() - start, 3),
        "slices": judgement.by_slice(slices) | without_towers(served, truth),
    }
    if asked:
        contento["groups"] = by_group(judgement, asked, seed=seed)
    found = {"contento": contento}
    with threadpool_limits(limits=1):
        for name, predictor in _baselines(events, train, test, seed, report).items():
            start = perf_counter()
            prediction = predictor()
            if prediction is not None:
                judgement = Judgement(prediction, truth)
                found[name] = {
                    **judgement.figures(),
                    "seconds": round(perf_counter() - start, 3),
                    "slices": judgement.by_slice(slices),
                }
    return found


def without_towers(served: Served, truth: Truth) -> dict[str, dict[str, float]]:
    """Return the figures that are left when one of the towers that the rows have is taken away from all of them."""
    return {
        f"without_{tower}": Judgement(predicted(served.answers(tower)), truth).figures() for tower in served.present()
    }


def _baselines(
    events: Labelled, train: Indices, test: Indices, seed: int, report: Report
) -> dict[str, Callable[[], Predicted | None]]:
    truth = events.truth
    found: dict[str, Callable[[], Predicted | None]] = {"mean": lambda: _mean(truth, train, test)}
    if np.isfinite(truth.ratings[train]).any():
        found |= {
            name: lambda predictor=predictor: _by_ids(predictor, events, train, test)  # type: ignore[misc]
            for name, predictor in id_baselines(seed).items()
        }
    if any(events.texts):
        found["tfidf"] = lambda: _by_words(events, train, test, report)
        found["frozen_encoder"] = lambda: reading.linear(reading.embeddings(events.texts, report), truth, train, test)
    return found


def _mean(truth: Truth, train: Indices, test: Indices) -> Predicted:
    rated = truth.ratings[train][np.isfinite(truth.ratings[train])]
    told = truth.labels[train][truth.labels[train] >= 0]
    return Predicted(
        rating=np.full(len(test), rated.mean()) if len(rated) else None,
        distribution=_shares(stars(rated) - 1, len(RATINGS), len(test)) if len(rated) else None,
        labels=_shares(told, len(SATISFACTION), len(test)) if len(told) else None,
    )


def _shares(classes: NDArray[np.int64], count: int, rows: int) -> NDArray[np.float64]:
    return np.tile(np.bincount(classes, minlength=count) / len(classes), (rows, 1))


def _by_ids(predictor: Predictor, events: Labelled, train: Indices, test: Indices) -> Predicted:
    rated = np.flatnonzero(np.isfinite(events.truth.ratings))
    pairs = events.pairs()
    users, items = zip(*(pairs[position] for position in rated), strict=True)
    ratings = ratings_of(users, items, events.truth.ratings[rated])
    parts = [np.flatnonzero(np.isin(rated, part)) for part in (train, test)]
    expected = np.full(len(events.names), np.nan)
    if len(parts[1]):
        found = predictor(ratings, *parts).rating
        assert found is not None  # noqa: S101 - these predict ratings
        expected[rated[parts[1]]] = found
    return Predicted(rating=expected[test])


def _by_words(events: Labelled, train: Indices, test: Indices, report: Report) -> Predicted | None:
    try:
        features = reading.tfidf(events.texts, train, report)
    except ValueError:
        return None
    return reading.linear(features, events.truth, train, test)
