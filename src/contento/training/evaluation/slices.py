"""Parts of the rows that are harder than others, by what was known of their user and item."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.training.evaluation.metrics import Rows

COLD: Final = 5
"""A user or an item with fewer ratings or labels is cold."""


def by_familiarity(users: NDArray[np.int64], items: NDArray[np.int64]) -> dict[str, Rows]:
    """Return which rows `[N]` are of a cold user, of a cold item, of neither, and of an item never judged before.

    Args:
        users: How many ratings or labels each row's user had, `[N]`.
        items: The same of its item.
    """
    cold_users, cold_items = users < COLD, items < COLD
    return {
        "cold_users": cold_users,
        "cold_items": cold_items,
        "warm": ~(cold_users | cold_items),
        "new_items": items == 0,
    }


def seen_before(ids: Sequence[object]) -> NDArray[np.int64]:
    """Return how often each id `[N]` came before; one that is empty counts as well known."""
    counts: dict[object, int] = {"": COLD}
    found = np.empty(len(ids), np.int64)
    for index, each in enumerate(ids):
        found[index] = counts.get(each, 0)
        counts[each] = counts.get(each, 0) + 1
    return found


def seen_among(learned: Sequence[object], asked: Sequence[object]) -> NDArray[np.int64]:
    """Return how often each id `[N]` of `asked` is in `learned`; one that is empty counts as well known."""
    counts: dict[object, int] = {}
    for each in learned:
        counts[each] = counts.get(each, 0) + 1
    counts[""] = COLD
    return np.array([counts.get(each, 0) for each in asked], np.int64)
