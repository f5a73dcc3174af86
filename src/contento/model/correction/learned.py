"""What the learner keeps of a user or an item beyond what predictions need, and one step of both at a rating."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction import members
from contento.model.correction.known import ITEM_TRACES, USER_TRACES, Known, learn_item, learn_user, residual_of
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import Tags

_TRACES: Final = (USER_TRACES, ITEM_TRACES)


@dataclass(slots=True)
class Learned:
    """A user or an item as the learner knows it.

    Attributes:
        known: What predictions read.
        covariance: `[MEMBERS, WIDTH, WIDTH]`, how unsure the members are.
    """

    known: Known
    covariance: NDArray[np.float32]


def before_any(side: int, identifier: str) -> Learned:
    """Return a side as it is just before its first rating."""
    covariance = members.prior_covariance(side)
    known = Known(
        mean=members.prior_mean(side, identifier),
        bias_variance=float(covariance[0, 0, 0]),
        traces=np.zeros(_TRACES[side], np.float32),
    )
    return Learned(known, covariance)


def learn(user: Learned, item: Learned, tags: Tags, rating: float, time_ms: int) -> float:
    """Let both sides take a rating in, and return its residual, in stars.

    Args:
        user: The user, changed in place.
        item: The item, likewise.
        tags: Of the item.
        rating: 1 to 5.
        time_ms: When it was given, unix milliseconds.
    """
    residual = residual_of(user.known, item.known, rating)
    sides = (user, item)
    mean = np.stack([each.known.mean for each in sides])
    covariance = np.stack(
        [
            members.faded(side, each.covariance, each.known.last_ms or time_ms, time_ms)
            for side, each in zip((USER, ITEM), sides, strict=True)
        ]
    )
    mean, covariance = members.step(mean, covariance, rating)
    learn_user(user.known.traces, tags, rating, residual, last_ms=user.known.last_ms, now_ms=time_ms)
    learn_item(item.known.traces, rating, residual)
    for side, each in zip((USER, ITEM), sides, strict=True):
        each.known.mean, each.covariance = mean[side], covariance[side]
        each.known.bias_variance = float(covariance[side, 0, 0, 0])
        each.known.first_ms = each.known.first_ms or time_ms
        each.known.last_ms = max(each.known.last_ms, time_ms)
    return residual
