"""The arithmetic of the online rating model on arrays: what it predicts from, and one step at a rating.

**Members** are biases and vectors of several small factor models. A rating is `CENTRE + user bias + item bias + user
vector . item vector + noise`. With one side held fixed the other is a Bayesian linear regression, so a step is one
recursive least squares update (a Kalman update) of each side's mean and covariance. Members differ in their first
vectors alone, the first has biases only: what they agree on is sure, and their mean is nearer to the truth than each.

**Traces** are counts, recency, moods and tastes as running values. A residual is a rating less what biases expect of
it. Means of few residuals are shrunk towards 0.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.compiled import compiled

Floats = NDArray[np.float32]

CENTRE: Final = 3.5
"""Rating that biases are measured from."""
MEMBERS: Final = 11
RANK: Final = 8
WIDTH: Final = RANK + 1
"""Bias, then vector."""
TRIANGLE: Final = WIDTH * (WIDTH + 1) // 2
"""Entries of a member's covariance that are kept: the upper triangle, row by row."""
NOISE: Final = 0.85
"""Variance of a rating round its expectation."""

BUCKETS: Final = 128
"""Places of tags."""
# Where values stand in traces. Both sides:
N, RATING, SQUARE, RESIDUAL, ERROR = range(5)  # count; means of rating, rating², residual, residual²
PACE: Final = 5  # moving means of residuals: one of an item, three of a user
ITEM_TRACES: Final = 6
# Users also:
LAST, BURST, BURST_RESIDUAL = 8, 9, 10  # last residual; ratings in this burst, their residuals' sum
STARS: Final = 11  # shares of 1, 4 and 5 stars
TASTES: Final = 14  # by place: mean residual, count
USER_TRACES: Final = TASTES + 2 * BUCKETS

FEATURES: Final = 31 + MEMBERS

_TOGETHER_MS: Final = 1_000
"""Ratings that follow each other this soon belong to one burst, as of a list that is rated in one go."""
_SHRINK: Final = 5.0
"""Residuals at which their mean counts for half."""
_LEAST_SHARE: Final = 1e-5
"""Of the newest value in a running mean: beyond its inverse, what is old fades."""
_PACES: Final = (0.05, 0.2, 0.5)
"""Shares of the newest residual in a user's moving means."""
_ITEM_PACE: Final = 0.05
_LARGEST: Final = 5.0
"""A feature's size; they are in scales of about one."""


@compiled
def expected(user: Floats, item: Floats) -> NDArray[np.float64]:
    """Return the rating each member expects, `[MEMBERS]`, from the means of both sides, `[MEMBERS, WIDTH]`."""
    found = np.empty(MEMBERS)
    for member in range(MEMBERS):
        total = CENTRE + user[member, 0] + item[member, 0]
        for place in range(1, WIDTH):
            total += user[member, place] * item[member, place]
        found[member] = total
    return found


@compiled
def _step_side(mean: Floats, triangle: Floats, row: NDArray[np.float64], error: float) -> None:
    """Step one member of one side, in place, against the regressors that the other side is."""
    gain = np.zeros(WIDTH)
    place = 0
    for one in range(WIDTH):
        gain[one] += triangle[place] * row[one]
        place += 1
        for other in range(one + 1, WIDTH):
            gain[one] += triangle[place] * row[other]
            gain[other] += triangle[place] * row[one]
            place += 1
    spread = NOISE
    for one in range(WIDTH):
        spread += row[one] * gain[one]
    place = 0
    for one in range(WIDTH):
        mean[one] += gain[one] * error / spread
        for other in range(one, WIDTH):
            triangle[place] -= gain[one] * gain[other] / spread
            place += 1


@compiled
def step(user: Floats, item: Floats, user_triangles: Floats, item_triangles: Floats, rating: float) -> None:
    """Step all members at a rating, in place: each side against the other as it was.

    Args:
        user: Means of the user, `[MEMBERS, WIDTH]`.
        item: Of the item.
        user_triangles: Covariances of the user, `[MEMBERS, TRIANGLE]`.
        item_triangles: Of the item.
        rating: 1 to 5.
    """
    wanted = expected(user, item)
    mine, theirs = np.empty(WIDTH), np.empty(WIDTH)
    for member in range(MEMBERS):
        for place in range(WIDTH):
            mine[place], theirs[place] = item[member, place], user[member, place]
        mine[0] = theirs[0] = 1.0
        error = rating - wanted[member]
        _step_side(user[member], user_triangles[member], mine, error)
        _step_side(item[member], item_triangles[member], theirs, error)


@compiled
def fade(triangles: Floats, prior: Floats, lost: float) -> None:
    """Move covariances a share of the way to their prior, in place."""
    for member in range(triangles.shape[0]):
        for place in range(triangles.shape[1]):
            triangles[member, place] += lost * (prior[member, place] - triangles[member, place])


@compiled
def add_residual(pairs: Floats, place: int, residual: float) -> None:
    """Add a residual to the mean and the count of a tag, in place."""
    pairs[2 * place + 1] += 1
    pairs[2 * place] += max(1 / pairs[2 * place + 1], _LEAST_SHARE) * (residual - pairs[2 * place])


@compiled
def _learn(traces: Floats, rating: float, residual: float) -> float:
    """Add a rating to what both sides have, and return its share in the means."""
    traces[N] += 1
    share: float = max(1 / traces[N], _LEAST_SHARE)
    traces[RATING] += share * (rating - traces[RATING])
    traces[SQUARE] += share * (rating * rating - traces[SQUARE])
    traces[RESIDUAL] += share * (residual - traces[RESIDUAL])
    traces[ERROR] += share * (residual * residual - traces[ERROR])
    return share


@compiled
def learn_item(item: Floats, rating: float, residual: float) -> None:
    """Add a rating to an item's traces, in place."""
    _learn(item, rating, residual)
    item[PACE] += _ITEM_PACE * (residual - item[PACE])


@compiled
def learn_user(  # noqa: PLR0917 - what is compiled is called without keywords
    user: Floats, tags: NDArray[np.uint8], rating: float, residual: float, last_ms: int, now_ms: int
) -> None:
    """Add a rating of an item with these tags to a user's traces, in place; the last one was given at `last_ms`."""
    if user[N] == 0 or abs(now_ms - last_ms) >= _TOGETHER_MS:
        user[BURST] = user[BURST_RESIDUAL] = 0
    user[BURST] += 1
    user[BURST_RESIDUAL] += residual
    share = _learn(user, rating, residual)
    for turn in range(3):
        user[PACE + turn] += _PACES[turn] * (residual - user[PACE + turn])
    user[LAST] = residual
    star = math.floor(rating + 0.5)
    user[STARS] += share * ((1.0 if star == 1 else 0.0) - user[STARS])
    user[STARS + 1] += share * ((1.0 if star == 4 else 0.0) - user[STARS + 1])
    user[STARS + 2] += share * ((1.0 if star == 5 else 0.0) - user[STARS + 2])
    tastes = user[TASTES:]
    for tag in tags:
        add_residual(tastes, tag, residual)


@compiled
def _tell(row: NDArray[np.float64], start: int, traces: Floats) -> None:
    """Write how many ratings there were, their mean and variance, and the same of residuals."""
    count = traces[N]
    if count == 0:
        row[start] = -1.0
        return
    row[start] = math.log1p(count) / 2 - 1
    row[start + 1] = 2 * (traces[RATING] - CENTRE)
    row[start + 2] = 2 * (traces[SQUARE] - traces[RATING] * traces[RATING] - 1)
    row[start + 3] = 4 * traces[RESIDUAL] * count / (count + _SHRINK)
    row[start + 4] = 2 * (traces[ERROR] - 1)


@compiled
def _affinity(pairs: Floats, tags: NDArray[np.uint8]) -> float:
    """Return the mean, over an item's tags, of the shrunk mean residual there."""
    if len(tags) == 0:
        return 0.0
    total = 0.0
    for tag in tags:
        total += pairs[2 * tag] * pairs[2 * tag + 1] / (pairs[2 * tag + 1] + _SHRINK)
    return total / len(tags)


@compiled
def features(  # noqa: PLR0917 - likewise
    user: Floats,
    item: Floats,
    bias_variance: float,
    user_traces: Floats,
    item_traces: Floats,
    categories: NDArray[np.uint8],
    traits: NDArray[np.uint8],
    tag_residuals: Floats,
    bundle_mean: float,
    since_last_s: float,
    since_first_s: float,
) -> NDArray[np.float64]:
    """Return what the correction is a linear function of, `[FEATURES]`.

    Args:
        user: Means of the user, `[MEMBERS, WIDTH]`.
        item: Of the item.
        bias_variance: Of both sides together, in stars squared.
        user_traces: `[USER_TRACES]`.
        item_traces: `[ITEM_TRACES]`.
        categories: Places of the item's categories.
        traits: Of its other tags.
        tag_residuals: Mean residual and count over all users by place.
        bundle_mean: The rating that the bundle expects.
        since_last_s: Seconds since the user's last rating; below 0: there is none.
        since_first_s: Likewise since the first.
    """
    row = np.zeros(FEATURES)
    each = expected(user, item)
    together = 0.0
    for member in range(1, MEMBERS):
        together += each[member]
    together /= MEMBERS - 1
    row[0] = 1.0
    row[1] = together - bundle_mean
    for member in range(MEMBERS):
        row[2 + member] = 8 * (each[member] - together)
    at = 2 + MEMBERS
    row[at] = 16 * bias_variance - 1
    row[at + 1] = 2 * user[0, 0]
    row[at + 2] = 2 * item[0, 0]
    _tell(row, at + 3, user_traces)
    _tell(row, at + 8, item_traces)
    row[at + 13] = user_traces[LAST]
    row[at + 14] = math.log1p(max(since_last_s, 0.0)) / 4
    row[at + 15] = math.log1p(max(since_first_s, 0.0)) / 4
    if 0 <= since_last_s < 1:
        row[at + 16] = math.log1p(user_traces[BURST])
        row[at + 17] = 2 * user_traces[BURST_RESIDUAL] / (user_traces[BURST] + 1)
    row[at + 18] = 6 * item_traces[PACE]
    for turn in range(3):
        row[at + 19 + turn] = 6 * user_traces[STARS + turn]
        row[at + 22 + turn] = 3 * user_traces[PACE + turn]
    tastes = user_traces[TASTES:]
    row[at + 25] = 6 * _affinity(tastes, categories)
    row[at + 26] = 6 * _affinity(tastes, traits)
    row[at + 27] = 20 * _affinity(tag_residuals, categories)
    row[at + 28] = 20 * _affinity(tag_residuals, traits)
    for place in range(FEATURES):
        row[place] = min(max(row[place], -_LARGEST), _LARGEST)
    return row
