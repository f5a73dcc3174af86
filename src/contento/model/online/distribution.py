"""The distribution of a rating, from what is expected and how far off the model thinks it is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from contento.model.interface import RATINGS

_EDGES: Final = np.array([*RATINGS, RATINGS[-1] + 1]) - 0.5
_FIRST_WEIGHT: Final = 20.0
"""Ratings that the spread as stated counts for."""
_MEMORY: Final = 2_000.0
"""Ratings after which an error counts for about a third of a new one."""


def rating_distribution(expected: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(rating = 1..5), `[N, 5]`: a normal distribution, cut to the scale and rounded to stars.

    Args:
        expected: `[N]`, in stars, in [1, 5].
        spread: `[N]`, standard deviation in stars, above 0.
    """
    below = ndtr((_EDGES - expected[:, None]) / spread[:, None])
    mass = np.diff(below, axis=1)
    return np.asarray(mass / mass.sum(1, keepdims=True))


class ErrorScale:
    """How far off a model has been lately, as a multiple of how far off it thought it would be."""

    def __init__(self) -> None:
        """Start by believing it."""
        self._square, self._weight = 1.0, _FIRST_WEIGHT

    def scale(self) -> float:
        """Return the factor for stated spreads."""
        return max(float(np.sqrt(self._square)), 0.1)

    def learn(self, expected: float, spread: float, rating: float) -> None:
        """Take in how far off a rating was; `spread` as stated."""
        self._weight = min(self._weight + 1, _MEMORY)
        self._square += (((rating - expected) / spread) ** 2 - self._square) / self._weight
