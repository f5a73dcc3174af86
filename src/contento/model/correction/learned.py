"""What the learner keeps of a user or an item beyond what predictions need, and one step of both at a rating."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contento.model.correction.known import TRACES, Known
from contento.model.correction.members import ITEM, USER, let_time_pass, prior_mean, prior_triangles
from contento.model.correction.steps import CENTRE, learn_item, learn_user, step
from contento.model.correction.tags import Tags


@dataclass(slots=True)
class Learned:
    """A user or an item as the learner knows it.

    Attributes:
        known: What predictions read.
        triangles: `[MEMBERS, TRIANGLE]`, how unsure the members are.
    """

    known: Known
    triangles: NDArray[np.float32]


def before_any(side: int, identifier: str) -> Learned:
    """Return a side as it is just before its first rating."""
    triangles = prior_triangles(side)
    known = Known(
        mean=prior_mean(side, identifier),
        bias_variance=float(triangles[0, 0]),
        traces=np.zeros(TRACES[side], np.float32),
    )
    return Learned(known, triangles)


def learn(user: Learned, item: Learned, tags: Tags, rating: float, time_ms: int) -> float:
    """Let both sides take a rating in, in place, and return its residual, in stars.

    Args:
        user: The user.
        item: The item.
        tags: Of the item.
        rating: 1 to 5.
        time_ms: When it was given, unix milliseconds.
    """
    mine, theirs = user.known, item.known
    residual = rating - CENTRE - float(mine.mean[0, 0]) - float(theirs.mean[0, 0])
    for side, each in ((USER, user), (ITEM, item)):
        let_time_pass(side, each.triangles, each.known.last_ms or time_ms, time_ms)
    step(mine.mean, theirs.mean, user.triangles, item.triangles, rating)
    learn_user(mine.traces, tags.every, rating, residual, mine.last_ms, time_ms)
    learn_item(theirs.traces, rating, residual)
    for each in (user, item):
        each.known.bias_variance = float(each.triangles[0, 0])
        each.known.first_ms = each.known.first_ms or time_ms
        each.known.last_ms = max(each.known.last_ms, time_ms)
    return residual
