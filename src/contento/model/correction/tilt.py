"""Moving the mean of a distribution of stars while its shape stays as far as it can."""

import math
from collections.abc import Sequence
from typing import Final

from contento.model.compiled import compiled

Stars = tuple[float, float, float, float, float]
_TURNS: Final = 8
_CLOSE: Final = 1e-4
"""Stars by which the mean may be off."""
_STEEPEST: Final = 12.0
_LEAST: Final = 1e-4
"""Probability that every star has at least, before it is tilted."""


def tilted(distribution: Sequence[float], mean: float) -> Stars:
    """Return the distribution of the wanted mean that is nearest to a given one.

    Nearest by Kullback and Leibler's divergence: P(star) times exp(slope star), the slope found by Newton's method
    (Csiszar 1975, "I-divergence geometry of probability distributions"). At the ends of the scale, where no such
    distribution is left, the steepest there is.

    Args:
        distribution: P(1), ..., P(5).
        mean: In [1, 5].
    """
    one, two, three, four, five = distribution
    return _tilted(one, two, three, four, five, mean)


@compiled
def _tilted(  # noqa: PLR0917 - what is compiled is called without keywords
    one: float, two: float, three: float, four: float, five: float, mean: float
) -> Stars:
    one, two, three, four, five = (
        max(one, _LEAST), max(two, _LEAST), max(three, _LEAST), max(four, _LEAST), max(five, _LEAST)
    )  # fmt: skip
    slope = 0.0
    low = less = more = high = total = 0.0
    for _ in range(_TURNS):
        factor = math.exp(slope)
        low, less, more, high = one / factor / factor, two / factor, four * factor, five * factor * factor
        total = low + less + three + more + high
        reached = (more - less + 2 * (high - low)) / total  # from the middle of the scale
        off = mean - 3 - reached
        if abs(off) < _CLOSE or abs(slope) >= _STEEPEST:
            break
        variance = (less + more + 4 * (low + high)) / total - reached * reached
        step = off / max(variance, 0.05)
        slope = min(max(slope + min(max(step, -2.0), 2.0), -_STEEPEST), _STEEPEST)
    return low / total, less / total, three / total, more / total, high / total


def mean_of(distribution: Sequence[float]) -> float:
    """Return the expectation of P(1), ..., P(5), in stars."""
    one, two, three, four, five = distribution
    return one + 2 * two + 3 * three + 4 * four + 5 * five


def variance_of(distribution: Sequence[float]) -> float:
    """Return its variance, in stars squared."""
    one, two, _, four, five = distribution
    mean = mean_of(distribution) - 3
    return 4 * (one + five) + two + four - mean * mean
