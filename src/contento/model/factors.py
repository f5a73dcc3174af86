"""Online factors: a bias and a vector per user and item, exactly re-estimated at every rating.

A rating is modelled as `centre + user bias + item bias + user vector . item vector + noise`. With the
other side held fixed this is a linear regression of the residual on `[1, vector of the other side]`,
so each side is a Bayesian ridge regression, and a step is one exact recursive least squares update;
between steps what is known fades towards the prior.
Predicting only reads: an id gets factors at its first rating.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Factors
from contento.model.compiled import compiled
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

_PRIOR_VARIANCE: Final = np.array([BIAS_VARIANCE] + [VECTOR_VARIANCE] * FACTOR_RANK)
_PRIOR_TRIANGLE: Final = np.diag(1 / _PRIOR_VARIANCE)[np.triu_indices(DIMENSIONS)].astype(np.float32)
TRIANGLE: Final = len(_PRIOR_TRIANGLE)
"""Entries of a precision that are kept: its upper triangle, row by row."""


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


@dataclass(slots=True)
class SideFactors:
    """What is known of a user or an item, as arrays. Rounded to single precision after every step, as it is kept.

    Attributes:
        n: Ratings that shaped it.
        mean: `[DIMENSIONS]`.
        precision: Its upper triangle, row by row, `[TRIANGLE]`.
        updated_ms: When the last of these was given, unix milliseconds.
    """

    n: int
    mean: NDArray[np.float32]
    precision: NDArray[np.float32]
    updated_ms: int = 0

    @classmethod
    def before_any(cls, side: Literal["user", "item"], identifier: str) -> "SideFactors":
        """Return the prior; the id seeds its small vector, so that a replay gives the same factors."""
        return cls(0, _prior_mean(f"{side}:{identifier}").copy(), _PRIOR_TRIANGLE.copy())


def step_sides(user: SideFactors, item: SideFactors, *, rating: float, centre: float, time_ms: int) -> None:
    """Let both sides take a rating in, each against the other as it was.

    Args:
        user: The user's factors, changed in place.
        item: The item's, likewise.
        rating: The rating, 1 to 5.
        centre: Rating that biases are measured from: the mean of the training log.
        time_ms: When the rating was given.
    """
    before = user.mean.copy()
    for side, others in ((user, item.mean), (item, before)):
        gone = max(0, time_ms - side.updated_ms) if side.n else 0
        _step(side.mean, side.precision, others, rating - centre, 0.5 ** (gone / HALF_LIFE_MS), _PRIOR_TRIANGLE)
        side.n += 1
        side.updated_ms = max(side.updated_ms, time_ms)


@compiled
def _step(  # noqa: PLR0917 - what is compiled is called without keywords
    mean: NDArray[np.float32],
    triangle: NDArray[np.float32],
    others: NDArray[np.float32],
    residual: float,
    kept: float,
    prior: NDArray[np.float32],
) -> None:
    """One exact step of the regression of `residual - other's bias` on `[1, other's vector]`, in place.

    What was known before counts by `kept`: what was learned long ago is less sure.
    """
    size = len(mean)
    row = others.astype(np.float64)
    row[0] = 1.0
    error = residual - others[0]
    for one in range(size):
        error -= row[one] * mean[one]
    precision = np.empty((size, size))
    place = 0
    for one in range(size):
        for other in range(one, size):
            before = prior[place] + kept * (triangle[place] - prior[place])
            precision[other, one] = before + row[one] * row[other] / NOISE_VARIANCE
            triangle[place] = precision[other, one]
            place += 1
    # Solve precision x gain = row by Cholesky, in place: a precision is positive definite.
    gain = row.copy()
    for one in range(size):
        for other in range(one):
            precision[one, one] -= precision[one, other] * precision[one, other]
            gain[one] -= precision[one, other] * gain[other]
        precision[one, one] = math.sqrt(precision[one, one])
        gain[one] /= precision[one, one]
        for below in range(one + 1, size):
            for other in range(one):
                precision[below, one] -= precision[below, other] * precision[one, other]
            precision[below, one] /= precision[one, one]
    for one in range(size - 1, -1, -1):
        for below in range(one + 1, size):
            gain[one] -= precision[below, one] * gain[below]
        gain[one] /= precision[one, one]
        mean[one] += gain[one] * error / NOISE_VARIANCE


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
    """Return the factors of a user and an item after a rating: `step_sides`, with `None` before the first."""
    sides = _read(user, "user", user_id), _read(item, "item", item_id)
    step_sides(*sides, rating=rating, centre=centre, time_ms=time_ms)
    return _message(sides[0]), _message(sides[1])


def predicted(user: Factors | None, item: Factors | None, centre: float) -> float:
    """Return the rating the factors alone expect, in [1, 5]; an unknown side counts as average."""
    values = factor_values(user, item).astype(np.float64)
    mine, theirs = values[:DIMENSIONS], values[DIMENSIONS + 1 : 2 * DIMENSIONS + 1]
    return float(np.clip(centre + mine[0] + theirs[0] + mine[1:] @ theirs[1:], 1, 5))


def _read(factors: Factors | None, side: Literal["user", "item"], identifier: str) -> SideFactors:
    if factors is None or not factors.n:
        return SideFactors.before_any(side, identifier)
    mean, precision = np.array(factors.mean, np.float32), np.array(factors.precision, np.float32)
    return SideFactors(factors.n, mean, precision, factors.updated_ms)


@lru_cache(maxsize=4096)
def _prior_mean(name: str) -> NDArray[np.float32]:
    """Return a small vector from the name: with zeros on both sides no vector would ever move."""
    mean = np.random.default_rng(identity(name)).normal(0, np.sqrt(VECTOR_VARIANCE) / 2, DIMENSIONS)
    mean[0] = 0
    return mean.astype(np.float32)


def _message(side: SideFactors) -> Factors:
    return Factors(n=side.n, mean=side.mean.tolist(), precision=side.precision.tolist(), updated_ms=side.updated_ms)
