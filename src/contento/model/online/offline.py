"""Fitting the online model to ratings that are all there already."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contento.model.online.case import Case
from contento.model.online.stacked import StackedOnline


def fit_offline(
    make: Callable[[], StackedOnline],
    cases: Sequence[Case],
    ratings: NDArray[np.float64],
    *,
    seed: int = 0,
    folds: int = 5,
    trees: int = 4,
    report: Callable[[int], None] | None = None,
) -> StackedOnline:
    """Return a model fitted to ratings `[N]`; it can be frozen, or learn on from there.

    The trees must see features of ratings that the rest has not learned, as they will when they predict: each
    fold's features come from a model of the other folds (Wolpert 1992, "Stacked generalization").

    Args:
        make: Returns an empty model.
        cases: What was known before each rating.
        ratings: 1 to 5.
        seed: Of the folds.
        folds: Number of folds, at least 2.
        trees: Number of boosted models that are averaged.
        report: Called with 1 after each of `folds + 1` fits.
    """
    fold = np.random.default_rng(seed).integers(folds, size=len(cases))
    rows: list[NDArray[np.float64]] = []
    order: list[int] = []
    for each in range(folds):
        model = make()
        _take_in(model, cases, ratings, np.flatnonzero(fold != each))
        held_out = np.flatnonzero(fold == each)
        rows.extend(model.features(cases[int(index)]) for index in held_out)
        order.extend(held_out)
        if report:
            report(1)
    model = make()
    _take_in(model, cases, ratings, np.arange(len(cases)))
    features = np.array(rows)
    model.adopt(features, ratings[order], trees)
    if report:
        report(1)
    return model


def _take_in(
    model: StackedOnline, cases: Sequence[Case], ratings: NDArray[np.float64], which: NDArray[np.int64]
) -> None:
    model.fit([cases[index] for index in which], ratings[which])
