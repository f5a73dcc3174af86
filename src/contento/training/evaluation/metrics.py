"""How good predictions are, of ratings and of labels of satisfaction: on the whole, by slice, by group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.interface import RATINGS, SATISFACTION

Rows = NDArray[np.bool_]
Slices = Mapping[str, Rows]

BINS: Final = 15
"""Of the calibration error."""
WINDOW: Final = 2_000
"""Ratings in a window of `coverage_windows`."""
_LEAST: Final = 1e-6
"""Probabilities below count as this much, so that one sure mistake does not make a log loss infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was said of rows.

    Attributes:
        ratings: `[N]`, 1 to 5; NaN: none.
        labels: `[N]`, index into `SATISFACTION`; -1: none.
    """

    ratings: NDArray[np.float64]
    labels: NDArray[np.int64]

    @classmethod
    def of_ratings(cls, ratings: NDArray[np.float64]) -> "Truth":
        """Return ratings without labels."""
        return cls(ratings=ratings, labels=np.full(len(ratings), -1))

    def __len__(self) -> int:
        return len(self.ratings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What a model predicts of rows; `None`: it does not.

    Attributes:
        rating: `[N]`, expected stars.
        distribution: `[N, 5]`, P(rating = 1..5).
        ends: `[N, 2]`, of the rating's interval.
        labels: `[N, 3]`, P(negative, neutral, positive).
    """

    rating: NDArray[np.float64] | None = None
    distribution: NDArray[np.float64] | None = None
    ends: NDArray[np.float64] | None = None
    labels: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric that depends on rows by the mean of something over them only.

    Attributes:
        values: `[N, K]`, what the mean is over; NaN in rows that have no such truth.
        of_means: Returns the metric `[...]` of means `[..., K]`.
    """

    values: NDArray[np.float64]
    of_means: Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Judgement:
    """Predictions beside what was said.

    Where there are labels, accuracy, macro-F1, log loss and calibration are theirs; else those of the star.

    Attributes:
        measures: All metrics but the calibration error, by name.
    """

    def __init__(self, predicted: Predicted, truth: Truth) -> None:
        """Compare predictions of rows with their truth."""
        self._size = len(truth)
        found: dict[str, Measure] = {}
        rated, labelled = np.isfinite(truth.ratings), truth.labels >= 0
        if predicted.rating is not None and rated.any():
            error = np.where(rated, predicted.rating - truth.ratings, np.nan)
            found["rmse"] = _measure(error**2, np.sqrt)
            found["mae"] = _measure(np.abs(error))
        probabilities, classes, told = None, truth.labels, labelled
        if labelled.any():
            probabilities = predicted.labels
            if probabilities is not None:
                guess = probabilities.argmax(1)
                found["accuracy"] = _measure(np.where(told, guess == classes, np.nan))
                counts = class_counts(classes, guess)
                counts[~told] = np.nan
                found["macro_f1"] = Measure(values=counts, of_means=_macro_f1)
        elif predicted.rating is not None:
            probabilities, told = predicted.distribution, rated
            classes = stars(np.where(rated, truth.ratings, 1)) - 1
            found["accuracy"] = _measure(np.where(told, stars(predicted.rating) - 1 == classes, np.nan))
        self._sure: NDArray[np.float64] | None = None
        if probabilities is not None:
            found["log_loss"] = _measure(np.where(told, surprise(probabilities, classes), np.nan))
            self._sure = np.where(told, probabilities.max(1), np.nan)
            self._hit = probabilities.argmax(1) == classes
        if predicted.ends is not None and rated.any():
            low, high = predicted.ends.T
            inside = (low <= truth.ratings) & (truth.ratings <= high)
            found["coverage"] = _measure(np.where(rated, inside, np.nan))
            found["width"] = _measure(np.where(rated, high - low, np.nan))
        self.measures = found

    def figures(self, rows: Rows | None = None) -> dict[str, float]:
        """Return `n` and every metric that the rows, by default all, have a truth for."""
        chosen = np.ones(self._size, bool) if rows is None else rows
        found: dict[str, float] = {"n": int(chosen.sum())}
        for name, measure in self.measures.items():
            values = measure.values[chosen]
            values = values[np.isfinite(values[:, 0])]
            if len(values):
                found[name] = float(measure.of_means(values.mean(0)))
            if name == "log_loss" and self._sure is not None and len(values):
                told = chosen & np.isfinite(self._sure)
                found["ece"] = calibration_error(self._sure[told], self._hit[told])
        return found

    def by_slice(self, slices: Slices) -> dict[str, dict[str, float]]:
        """Return the figures of each slice that has rows."""
        return {name: self.figures(rows) for name, rows in slices.items() if rows.any()}


def stars(ratings: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest star, 1 to 5, of ratings `[N]`; halves go up."""
    return np.clip(np.floor(ratings + 0.5), RATINGS[0], RATINGS[-1]).astype(np.int64)


def surprise(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log loss `[N]`, in nats, of each row's class `[N]` under probabilities `[N, C]`."""
    chosen = probabilities[np.arange(len(classes)), classes]
    return np.asarray(-np.log(np.clip(chosen, _LEAST, 1)), np.float64)


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return the mean over the satisfaction classes of each class's F1; a class that is never met counts as 0."""
    return float(_macro_f1(class_counts(truth, predicted).mean(0)))


def class_counts(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what a macro-F1 counts per row, `[N, 9]`: by class, whether it was right, true, and predicted."""
    each = np.arange(len(SATISFACTION))
    true, said = truth[:, None] == each, predicted[:, None] == each
    return np.concatenate([true & said, true, said], axis=1).astype(np.float64)


def calibration_error(confidence: NDArray[np.float64], hit: Rows, bins: int = BINS) -> float:
    """Return the expected calibration error of the likeliest class.

    Rows fall into bins of equal width by how likely, `confidence` `[N]`, the likeliest class is; the error is the
    difference of mean confidence and share of hits `[N]` in a bin, averaged over the rows (Guo et al. 2017, "On
    calibration of modern neural networks").
    """
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=confidence - hit, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def coverage_windows(inside: NDArray[np.float64], size: int = WINDOW) -> dict[str, float]:
    """Return `size`, `n`, and the least and the largest (`min`, `max`) coverage of whole, consecutive windows.

    Args:
        inside: `[N]`, 1 where a rating is inside its interval.
        size: Ratings in a window; without a whole window, there is no `min` and `max`.
    """
    windows = inside[: len(inside) // size * size].reshape(-1, size).mean(1)
    ends = {"min": float(windows.min()), "max": float(windows.max())} if len(windows) else {}
    return {"size": size, "n": len(windows), **ends}


def _measure(
    values: NDArray[np.float64], of_means: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray
) -> Measure:
    return Measure(values=values[:, None], of_means=lambda means: of_means(means[..., 0]))


def _macro_f1(means: NDArray[np.float64]) -> NDArray[np.float64]:
    hit, true, said = np.split(means, 3, axis=-1)
    met = true + said
    return np.asarray((2 * hit / np.where(met > 0, met, 1)).mean(-1))
