"""The stack: weights of features, estimated anew at every rating by recursive least squares.

The weights follow a random walk (a Kalman filter), so that what was learned long ago does not hold the stack back when
a world changes; where nothing is learned, the uncertainty grows no further than it was at the beginning.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.compiled import compiled
from contento.model.correction.steps import FEATURES

_FIRST: Final = 2
"""Features that are let loose at once: the constant, and how far the members are from the bundle."""
_PRIOR: Final = np.array([0.1] * _FIRST + [0.01] * (FEATURES - _FIRST))
"""Prior variances of the weights, in units of the noise of a rating: with none learned, the bundle stands."""
_WALK: Final = 1e-6
"""Growth of the variances at every rating, as a share of the prior's."""


class Stack:
    """Weights, and how sure they are.

    Attributes:
        weights: `[FEATURES]`.
        covariance: `[FEATURES, FEATURES]`, in units of the noise.
    """

    def __init__(
        self, weights: NDArray[np.float64] | None = None, covariance: NDArray[np.float64] | None = None
    ) -> None:
        """Start from weights, or from none: then the first correction is 0. Without a covariance, hold them loosely."""
        self.weights = np.zeros(FEATURES) if weights is None else weights.copy()
        self.covariance = np.diag(_PRIOR) if covariance is None else covariance

    def predict(self, row: NDArray[np.float64]) -> float:
        """Return the correction in stars."""
        return float(self.weights @ row)

    def learn(self, row: NDArray[np.float64], correction: float) -> None:
        """Take in what the correction should have been."""
        _learn(self.weights, self.covariance, _PRIOR, row, correction)


@compiled
def _learn(
    weights: NDArray[np.float64],
    covariance: NDArray[np.float64],
    prior: NDArray[np.float64],
    row: NDArray[np.float64],
    correction: float,
) -> None:
    gain = np.zeros(len(row))
    spread, error = 1.0, correction
    for one in range(len(row)):
        for other in range(len(row)):
            gain[one] += covariance[one, other] * row[other]
        spread += gain[one] * row[one]
        error -= weights[one] * row[one]
    for one in range(len(row)):
        weights[one] += gain[one] * error / spread
        for other in range(len(row)):
            covariance[one, other] -= gain[one] * gain[other] / spread
        if covariance[one, one] < prior[one]:
            covariance[one, one] += _WALK * prior[one]
