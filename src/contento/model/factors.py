"""Online factors: a bias and a vector per user and item, exactly re-estimated at every rating.

A rating is modelled as `centre + user bias + item bias + user vector . item vector + noise`. With the
other side held fixed this is a linear regression of the residual on `[1, vector of the other side]`,
so each side is a Bayesian ridge regression, and a step is one exact recursive least squares update;
between steps what is known fades towards the prior.
Predicting only reads: an id gets factors at its first rating.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv

from contento.contracts.messages import Factors
from contento.model.features import identity
from contento.model.interface import FACTOR_RANK, FACTOR_VALUES

DIMENSIONS: Final = FACTOR_RANK + 1
"""Bias, then vector."""
NOISE_VARIANCE: Final = 1.0
"""Of a rating round its expectation; ratings of one person for one item spread by about one star."""
BIAS_VARIANCE: Final = 0.25
"""Prior variance of a bias: users and items differ by about half a star from the centre."""
VECTOR_VARIANCE: Final = 0.06
"""Prior variance of a vector's entry: with 16 entries a dot product spreads by about .25 stars."""

HALF_LIFE_MS: Final = 180 * 24 * 3600 * 1000
"""Time after which what is known of a user or an item counts for half: tastes change, and items age."""

_TRIANGLE: Final = np.triu_indices(DIMENSIONS)
_PRIOR_VARIANCE: Final = np.array([BIAS_VARIANCE] + [VECTOR_VARIANCE] * FACTOR_RANK)
_PRIOR_PRECISION: Final = np.diag(1 / _PRIOR_VARIANCE)


def is_known(user: Factors | None, item: Factors | None) -> bool:
    """Return whether the factors tower has input: a rating has shaped the user's or the item's factors."""
    return (user is not None and user.n > 0) or (item is not None and item.n > 0)


def factor_values(user: Factors | None, item: Factors | None) -> NDArray[np.float32]:
    """Return a row of `ScorerInputs.factors`, `[FACTOR_VALUES]`; zeros for a side that is unknown."""
    values = np.zeros(FACTOR_VALUES, np.float32)
    for side, factors in enumerate((user, item)):
        if factors is not None and factors.n > 0:
            start = side * (DIMENSIONS + 1)
            values[start : start + DIMENSIONS] = factors.mean
            values[start + DIMENSIONS] = np.log1p(factors.n)
    return values


def step(
    user_id: str,
    user: Factors | None,
    item_id: str,
    item: Factors | None,
    *,
    rating: float,
    centre: float,
    time_ms: int,
) -> tuple[Factors, Factors]:
    """Return the factors of a user and an item after a rating.

    Args:
        user_id: Seeds the user's prior, so that a replay gives the same factors.
        user: The user's factors, `None` before the first rating.
        item_id: As `user_id`.
        item: As `user`.
        rating: The rating, 1 to 5.
        centre: Rating that biases are measured from: the mean of the training log.
        time_ms: When the rating was given.
    """
    user_mean, user_precision = _read(user, f"user:{user_id}", time_ms)
    item_mean, item_precision = _read(item, f"item:{item_id}", time_ms)
    residual = rating - centre
    new_user = _updated(user_mean, user_precision, item_mean, residual)
    new_item = _updated(item_mean, item_precision, user_mean, residual)
    return (
        _message(*new_user, n=user.n + 1 if user else 1, time_ms=time_ms),
        _message(*new_item, n=item.n + 1 if item else 1, time_ms=time_ms),
    )


def predicted(user: Factors | None, item: Factors | None, centre: float) -> float:
    """Return the rating the factors alone expect, in [1, 5]; an unknown side counts as average."""
    values = factor_values(user, item).astype(np.float64)
    mine, theirs = values[:DIMENSIONS], values[DIMENSIONS + 1 : 2 * DIMENSIONS + 1]
    return float(np.clip(centre + mine[0] + theirs[0] + mine[1:] @ theirs[1:], 1, 5))


def _updated(
    mean: NDArray[np.float64], precision: NDArray[np.float64], other: NDArray[np.float64], residual: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One exact step of the regression of `residual - other's bias` on `[1, other's vector]`."""
    row = other.copy()
    row[0] = 1.0
    error = residual - other[0] - row @ mean
    precision = precision + row[:, None] * row / NOISE_VARIANCE
    _, gain, _ = dposv(precision, row)  # a precision is positive definite: a third of the time of a general solver
    return mean + gain * (error / NOISE_VARIANCE), precision


def _read(factors: Factors | None, name: str, time_ms: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and precision at a time: what was learned long ago is less sure."""
    if factors is None or not factors.n:
        return _prior_mean(name), _PRIOR_PRECISION
    precision = np.empty((DIMENSIONS, DIMENSIONS))
    triangle = np.array(factors.precision)
    precision[_TRIANGLE] = triangle
    precision.T[_TRIANGLE] = triangle
    kept = 0.5 ** (max(0, time_ms - factors.updated_ms) / HALF_LIFE_MS)
    return np.array(factors.mean), _PRIOR_PRECISION + kept * (precision - _PRIOR_PRECISION)


@lru_cache(maxsize=4096)
def _prior_mean(name: str) -> NDArray[np.float64]:
    """Return a small vector from the name: with zeros on both sides no vector would ever move."""
    mean = np.random.default_rng(identity(name)).normal(0, np.sqrt(VECTOR_VARIANCE) / 2, DIMENSIONS)
    mean[0] = 0
    return mean


def _message(mean: NDArray[np.float64], precision: NDArray[np.float64], *, n: int, time_ms: int) -> Factors:
    return Factors(n=n, mean=mean.tolist(), precision=precision[_TRIANGLE].tolist(), updated_ms=time_ms)
