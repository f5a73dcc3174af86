"""The distribution of a rating whose mean and spread are known."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from contento.model.interface import RATINGS

_EDGES = np.array([*RATINGS, RATINGS[-1] + 1]) - 0.5


def rating_distribution(expected: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return P(rating = 1..5), `[N, 5]`: a normal distribution, cut to the scale and rounded to stars.

    Args:
        expected: `[N]`, in stars, in [1, 5].
        spread: `[N]`, standard deviation in stars, above 0.
    """
    below = ndtr((_EDGES - expected[:, None]) / spread[:, None])
    mass = np.diff(below, axis=1)
    return np.asarray(mass / mass.sum(1, keepdims=True))
