"""How unlike a model treats groups: figures of each, the worst gap between two, and how sure that gap is."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contento.training.evaluation.metrics import Judgement, Measure

LEAST_ROWS: Final = 50
"""A group with fewer rows has figures, but makes no gap: they say too little."""
NO_VALUE: Final = "(none)"
"""Group of the rows that lack the attribute."""
_RESAMPLED: Final = 1_000
_SHUFFLED: Final = 200
_AT_ONCE: Final = 500_000
"""Rows drawn at once: 36 MB where a metric is over nine counts."""
_NO_GAP: Final = ("width",)
"""Metrics of which neither more nor less is harm."""


def by_group(
    judgement: Judgement, values: Mapping[str, NDArray[np.object_]], *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Return how good the predictions are per group.

    Args:
        judgement: Predictions beside the truth.
        values: By attribute, each row's value `[N]`; empty: none.
        seed: Of resampling and shuffling.

    Returns:
        By attribute: `groups`, the figures of each value, the most frequent first; and `gaps`, per metric the two
        groups of at least `LEAST_ROWS` rows that differ most, `lowest` and `highest`, by how much (`gap`), the
        bootstrap's 95 % interval of this difference (`low`, `high`), and `by_chance`: the gap that 95 of 100
        shufflings of the groups stay below. A gap within that is what groups of this size show anyway.
    """
    found = {}
    for name, column in values.items():
        named = np.where(column == "", NO_VALUE, column).astype(str)
        groups, place, counts = np.unique(named, return_inverse=True, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        found[name] = {
            "groups": {str(groups[group]): judgement.figures(place == group) for group in order},
            "gaps": {
                metric: gap
                for metric, measure in judgement.measures.items()
                if metric not in _NO_GAP and (gap := _gap(measure, place, groups, np.random.default_rng(seed)))
            },
        }
    return found


def _gap(
    measure: Measure, place: NDArray[np.intp], groups: NDArray[np.str_], rng: np.random.Generator
) -> dict[str, Any] | None:
    told = np.isfinite(measure.values[:, 0])
    values, place = measure.values[told], place[told]
    counts = np.bincount(place, minlength=len(groups))
    large = np.flatnonzero(counts >= LEAST_ROWS)
    if len(large) < 2:
        return None
    kept = np.isin(place, large)
    values, place = values[kept], np.searchsorted(large, place[kept])
    order = np.argsort(place, kind="stable")
    values = values[order]
    starts = np.concatenate([[0], np.cumsum(counts[large])])
    metrics = _metrics(measure, values, starts)
    low, high = int(metrics.argmin()), int(metrics.argmax())
    resampled = [_resampled(measure, values[starts[group] : starts[group + 1]], rng) for group in (low, high)]
    ends = np.quantile(resampled[1] - resampled[0], [0.025, 0.975])
    chance = [float(np.ptp(_metrics(measure, values[rng.permutation(len(values))], starts))) for _ in range(_SHUFFLED)]
    return {
        "lowest": str(groups[large[low]]),
        "highest": str(groups[large[high]]),
        "gap": float(metrics[high] - metrics[low]),
        "low": float(ends[0]),
        "high": float(ends[1]),
        "by_chance": float(np.quantile(chance, 0.95)),
    }


def _metrics(measure: Measure, values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the metric of each group of rows that lie together."""
    sums = np.add.reduceat(values, starts[:-1], axis=0)
    return measure.of_means(sums / np.diff(starts)[:, None])


def _resampled(measure: Measure, values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the metric on rows drawn with replacement, `[_RESAMPLED]`."""
    size = len(values)
    turn = max(1, _AT_ONCE // size)
    found = []
    for start in range(0, _RESAMPLED, turn):
        drawn = rng.integers(size, size=(min(turn, _RESAMPLED - start), size))
        found.append(measure.of_means(values[drawn].mean(1)))
    return np.concatenate(found)
