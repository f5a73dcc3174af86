"""What members believe before the first rating, and how that comes back with time."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction.steps import MEMBERS, TRIANGLE, WIDTH, fade
from contento.model.features import identity

USER, ITEM = 0, 1

_BIAS: Final = (0.2, 0.3)
"""Prior variances of a user's and an item's bias."""
_VECTOR: Final = 0.2
_ABSENT: Final = 1e-9
"""Prior variance of the vector that the first member does not have."""
_HALF_LIFE_DAYS: Final = 180
"""After which what is known counts for half: tastes change, and items age."""
_DAY_MS: Final = 24 * 3600 * 1000


def _prior(side: int) -> NDArray[np.float32]:
    variances = np.full((MEMBERS, WIDTH), _VECTOR)
    variances[0] = _ABSENT
    variances[:, 0] = _BIAS[side]
    first, second = np.triu_indices(WIDTH)
    return np.where(first == second, variances[:, first], 0.0).astype(np.float32)


_PRIOR: Final = tuple(_prior(side) for side in (USER, ITEM))
_START: Final = np.sqrt(np.array([[_ABSENT if member == 0 else _VECTOR] for member in range(MEMBERS)])) / 2


def prior_mean(side: int, identifier: str) -> NDArray[np.float32]:
    """Return where a side starts, `[MEMBERS, WIDTH]`: an item with small vectors drawn from its id.

    With zeros on both sides no vector would ever move.
    """
    found = np.zeros((MEMBERS, WIDTH), np.float32)
    if side == ITEM:
        found[:] = np.random.default_rng(identity(f"item:{identifier}")).normal(size=found.shape) * _START
        found[:, 0] = 0
    return found


def prior_triangles(side: int) -> NDArray[np.float32]:
    """Return how unsure that is: upper triangles of covariances, `[MEMBERS, TRIANGLE]`."""
    return _PRIOR[side].copy().reshape(MEMBERS, TRIANGLE)


def let_time_pass(side: int, triangles: NDArray[np.float32], before_ms: int, now_ms: int) -> None:
    """Let covariances come nearer to the prior, in place, by the days between two times."""
    days = now_ms // _DAY_MS - before_ms // _DAY_MS
    if days > 0:
        fade(triangles, _PRIOR[side], 1 - 0.5 ** (days / _HALF_LIFE_DAYS))
