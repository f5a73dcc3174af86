"""What the correction of a rating is a linear function of, in scales of about one."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction import known, members
from contento.model.correction.known import Known
from contento.model.correction.tags import Tags

WIDTH: Final = 31 + members.MEMBERS
"""Length of a row."""


def row_of(
    user: Known, item: Known, tags: Tags, tag_residuals: NDArray[np.float32], *, bundle_mean: float, time_ms: int
) -> tuple[NDArray[np.float64], float]:
    """Return a row, `[WIDTH]`, and the variance of what it says of a rating, in stars squared.

    Args:
        user: The user.
        item: The item.
        tags: Of the item.
        tag_residuals: Mean residual and count over all users by bucket, as `Known.traces` has a user's.
        bundle_mean: The rating that the bundle expects.
        time_ms: When the rating is, or would be, given.
    """
    each = members.expected(user.mean, item.mean).tolist()
    together = sum(each[1:]) / (len(each) - 1)
    # The values that every user has come at once as floats: to read an array's entries one by one takes longer.
    mine, theirs = user.traces[: known.TASTES].tolist(), item.traces.tolist()
    since_last = max(time_ms - user.last_ms, 0) / 1000 if user.last_ms else 0.0
    since_first = max(time_ms - user.first_ms, 0) / 1000 if user.first_ms else 0.0
    burst = mine[known.BURST] if user.last_ms and since_last < 1 else 0.0
    row = [
        1.0,
        together - bundle_mean,
        *(8 * (one - together) for one in each),
        16 * (user.bias_variance + item.bias_variance) - 1,
        2 * float(user.mean[0, 0]),
        2 * float(item.mean[0, 0]),
        *_told(mine),
        *_told(theirs),
        mine[known.LAST],
        math.log1p(since_last) / 4,
        math.log1p(since_first) / 4,
        math.log1p(burst),
        2 * mine[known.BURST_RESIDUAL] / (burst + 1) if burst else 0.0,
        6 * theirs[known.PACE],
        *(6 * share for share in mine[known.STARS : known.STARS + 3]),
        *(3 * mean for mean in mine[known.PACE : known.PACE + 3]),
        *(6 * _affinity(user.traces[known.TASTES :], places) for places in tags),
        *(20 * _affinity(tag_residuals, places) for places in tags),
    ]
    return np.clip(row, -5, 5), user.bias_variance + item.bias_variance


def _told(traces: list[float]) -> tuple[float, float, float, float, float]:
    """Return how many ratings there were, their mean and variance, and the same of residuals."""
    count = traces[known.N]
    if not count:
        return -1.0, 0.0, 0.0, 0.0, 0.0
    rating = traces[known.RATING]
    return (
        math.log1p(count) / 2 - 1,
        2 * (rating - members.CENTRE),
        2 * (traces[known.SQUARE] - rating * rating - 1),
        4 * traces[known.RESIDUAL] * count / (count + known.SHRINK),
        2 * (traces[known.ERROR] - 1),
    )


def _affinity(pairs: NDArray[np.float32], places: tuple[int, ...]) -> float:
    """Return the mean, over an item's tags, of the shrunk mean residual there."""
    if not places:
        return 0.0
    total = 0.0
    for place in places:
        mean, count = pairs[2 * place : 2 * place + 2].tolist()
        total += mean * count / (count + known.SHRINK)
    return total / len(places)
