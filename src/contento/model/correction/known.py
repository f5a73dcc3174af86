"""What ratings so far have told of a user or an item: members and traces.

Traces are counts, recency, moods and tastes as running values. A residual is a rating less what the first member,
which knows biases only, expected of it. Means of few residuals are shrunk towards 0.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction import members
from contento.model.correction.members import ITEM, MEMBERS, USER, WIDTH
from contento.model.correction.tags import BUCKETS, Tags

SHRINK: Final = 5.0
"""Residuals at which their mean counts for half."""
_PACES: Final = (0.05, 0.2, 0.5)
"""Shares of the newest residual in a user's moving means."""
_ITEM_PACE: Final = 0.05
_TOGETHER_MS: Final = 1_000
"""Ratings that follow each other this soon belong to one burst, as of a list that is rated in one go."""
_LEAST_SHARE: Final = 1e-5
"""Of the newest value in a running mean: beyond its inverse, what is old fades."""

# Where values stand in `traces`. Both sides:
N, RATING, SQUARE, RESIDUAL, ERROR = range(5)  # count; means of rating, rating², residual, residual²
PACE: Final = 5  # moving means of residuals: one of an item, three of a user
ITEM_TRACES: Final = 6
# Users also:
LAST, BURST, BURST_RESIDUAL = 8, 9, 10  # last residual; ratings in this burst, their residuals' sum
STARS: Final = 11  # shares of 1, 4 and 5 stars
TASTES: Final = 14  # by bucket: mean residual, count
USER_TRACES: Final = TASTES + 2 * BUCKETS
_STARS: Final = (1, 4, 5)


def _means() -> NDArray[np.float32]:
    return np.zeros((MEMBERS, WIDTH), np.float32)


@dataclass(slots=True, kw_only=True)
class Known:
    """Of a user or an item, as much as a prediction needs.

    Attributes:
        mean: `[MEMBERS, WIDTH]`, see `members`.
        bias_variance: How unsure the first member's bias is, in stars squared.
        traces: `[USER_TRACES]` or `[ITEM_TRACES]`.
        first_ms: When the first rating was given, unix milliseconds; 0: never.
        last_ms: When the last one was.
    """

    mean: NDArray[np.float32] = field(default_factory=_means)
    bias_variance: float
    traces: NDArray[np.float32]
    first_ms: int = 0
    last_ms: int = 0


UNKNOWN: Final = (
    Known(bias_variance=float(members.prior_covariance(USER)[0, 0, 0]), traces=np.zeros(USER_TRACES, np.float32)),
    Known(bias_variance=float(members.prior_covariance(ITEM)[0, 0, 0]), traces=np.zeros(ITEM_TRACES, np.float32)),
)
"""What is known of a user and of an item before their first rating. Not to be changed."""


def residual_of(user: Known, item: Known, rating: float) -> float:
    """Return a rating less what biases expect of it."""
    return rating - members.CENTRE - float(user.mean[0, 0]) - float(item.mean[0, 0])


def learn_item(item: NDArray[np.float32], rating: float, residual: float) -> None:
    """Add a rating to an item's traces."""
    _learn(item, rating, residual)
    item[PACE] += _ITEM_PACE * (residual - item[PACE])


def learn_user(
    user: NDArray[np.float32], tags: Tags, rating: float, residual: float, *, last_ms: int, now_ms: int
) -> None:
    """Add a rating of an item with these tags to a user's traces."""
    together = user[N] > 0 and abs(now_ms - last_ms) < _TOGETHER_MS
    share = _learn(user, rating, residual)
    for place, pace in enumerate(_PACES, start=PACE):
        user[place] += pace * (residual - user[place])
    user[LAST] = residual
    user[BURST], user[BURST_RESIDUAL] = (
        (user[BURST] + 1, user[BURST_RESIDUAL] + residual) if together else (1, residual)
    )
    star = math.floor(rating + 0.5)
    for place, each in enumerate(_STARS, start=STARS):
        user[place] += share * ((star == each) - user[place])
    for bucket in {*tags.categories, *tags.traits}:
        add_residual(user, TASTES + 2 * bucket, residual)


def _learn(traces: NDArray[np.float32], rating: float, residual: float) -> float:
    """Add a rating to what both sides have, and return its share in the means."""
    traces[N] += 1
    share = max(1 / float(traces[N]), _LEAST_SHARE)
    for place, value in ((RATING, rating), (SQUARE, rating * rating), (RESIDUAL, residual), (ERROR, residual**2)):
        traces[place] += share * (value - traces[place])
    return share


def add_residual(pairs: NDArray[np.float32], place: int, residual: float) -> None:
    """Add a residual to the mean and the count at a place."""
    pairs[place + 1] += 1
    pairs[place] += max(1 / float(pairs[place + 1]), _LEAST_SHARE) * (residual - pairs[place])
