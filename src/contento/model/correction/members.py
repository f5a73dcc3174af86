"""Members: biases and vectors of several small factor models, all stepped at once at every rating.

A rating is `CENTRE + user bias + item bias + user vector . item vector + noise`. With one side held fixed the other
is a Bayesian linear regression, so a step is one recursive least squares update (a Kalman update) of each side's mean
and covariance. Members differ in their first vectors alone, the first has biases only: what they agree on is sure, and
their mean is nearer to the truth than each. Between days what is known fades towards the prior.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.features import identity

CENTRE: Final = 3.5
"""Rating that biases are measured from."""
RANK: Final = 8
MEMBERS: Final = 11
WIDTH: Final = RANK + 1
"""Bias, then vector."""
NOISE: Final = 0.85
"""Variance of a rating round its expectation."""
_BIAS: Final = (0.2, 0.3)
"""Prior variances of a user's and an item's bias."""
_VECTOR: Final = 0.2
_ABSENT: Final = 1e-9
"""Prior variance of the vector that the first member does not have."""
_HALF_LIFE_DAYS: Final = 180
"""After which what is known counts for half: tastes change, and items age."""
_DAY_MS: Final = 24 * 3600 * 1000
_TRIANGLE: Final = np.triu_indices(WIDTH)

USER, ITEM = 0, 1


def _prior_variance(side: int) -> NDArray[np.float32]:
    found = np.full((MEMBERS, WIDTH), _VECTOR, np.float32)
    found[0, 1:] = _ABSENT
    found[:, 0] = _BIAS[side]
    return found


_SPREAD: Final = tuple(np.sqrt(_prior_variance(side)) for side in (USER, ITEM))
_PRIOR: Final = np.stack([_prior_variance(side)[:, :, None] * np.eye(WIDTH, dtype=np.float32) for side in (USER, ITEM)])


def prior_mean(side: int, identifier: str) -> NDArray[np.float32]:
    """Return where a side starts, `[MEMBERS, WIDTH]`: an item with small vectors drawn from its id.

    With zeros on both sides no vector would ever move.
    """
    if side == USER:
        return np.zeros((MEMBERS, WIDTH), np.float32)
    drawn = np.random.default_rng(identity(f"item:{identifier}")).normal(size=(MEMBERS, WIDTH))
    found: NDArray[np.float32] = (drawn * _SPREAD[ITEM] / 2).astype(np.float32)
    found[:, 0] = 0
    return found


def prior_covariance(side: int) -> NDArray[np.float32]:
    """Return how unsure that is, `[MEMBERS, WIDTH, WIDTH]`."""
    return np.array(_PRIOR[side], np.float32)


def expected(user: NDArray[np.float32], item: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rating each member expects, `[MEMBERS]`, from the means of both sides."""
    found: NDArray[np.float32] = CENTRE + user[:, 0] + item[:, 0] + (user[:, 1:] * item[:, 1:]).sum(1)
    return found


def faded(side: int, covariance: NDArray[np.float32], before_ms: int, now_ms: int) -> NDArray[np.float32]:
    """Return a covariance as it is after some time."""
    days = now_ms // _DAY_MS - before_ms // _DAY_MS
    if days <= 0:
        return covariance
    lost = np.float32(1 - 0.5 ** (days / _HALF_LIFE_DAYS))
    found: NDArray[np.float32] = covariance + lost * (_PRIOR[side] - covariance)
    return found


def step(
    mean: NDArray[np.float32], covariance: NDArray[np.float32], rating: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return means and covariances of both sides after a rating, each side stepped against the other as it was.

    Args:
        mean: `[2, MEMBERS, WIDTH]`, of the user and the item.
        covariance: `[2, MEMBERS, WIDTH, WIDTH]`.
        rating: 1 to 5.
    """
    row = mean[::-1].copy()
    row[:, :, 0] = 1
    gain = (covariance @ row[..., None])[..., 0]
    spread = NOISE + (row * gain).sum(2)
    error = np.float32(rating) - expected(mean[USER], mean[ITEM])
    root = gain / np.sqrt(spread)[..., None]  # so that what is taken off is symmetric to the last bit
    return mean + gain * (error / spread)[..., None], covariance - root[..., :, None] * root[..., None, :]


def packed(covariance: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the upper triangles of covariances, `[MEMBERS, WIDTH (WIDTH + 1) / 2]`."""
    return covariance[:, _TRIANGLE[0], _TRIANGLE[1]]


def unpacked(triangles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what `packed` was given, made symmetric."""
    found = np.empty((MEMBERS, WIDTH, WIDTH), np.float32)
    found[:, _TRIANGLE[0], _TRIANGLE[1]] = triangles
    found[:, _TRIANGLE[1], _TRIANGLE[0]] = triangles
    return found
