"""Of a fall that shows in many keys at once: which one accounts for it."""

from dataclasses import dataclass
from typing import Final

from contento.learning.sentiment.watched import Watched

_MOST_CULPRITS: Final = 5
_LEAST_OF_CULPRIT: Final = 3
_LEAST_OF_REST: Final = 3
_LEAST_AROUND: Final = 10
_CERTAIN_ENOUGH: Final = 0.01
"""Winnings at which something larger is taken to be falling too: a hundredth of what an alarm takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What accounts for the fall of a broad key.

    Attributes:
        items: Items without which there is no fall; empty: it is the key's own.
    """

    items: tuple[str, ...]


def explain(broad: Watched, stream: int, least_fall: float) -> Explanation:
    """Return whether a few items account for the fall of a group, a segment, a topic or everywhere.

    They do if what is left without them has not fallen by half as much as is told of, and if they are at most half of
    the items that are concerned.

    Args:
        broad: The key.
        stream: The stream that shows its fall.
        least_fall: Least fall that is told.
    """
    detector = broad.streams[stream]
    count, total = detector.after_n, detector.after_sum
    items: list[str] = []
    concerned = broad.culprits(stream)
    for name, item_count, item_total in concerned:
        if _healthy(count, total, detector.mean, least_fall):
            break
        fall = detector.mean - item_total / item_count
        if item_count < _LEAST_OF_CULPRIT or fall < least_fall or len(items) >= _MOST_CULPRITS:
            continue
        items.append(name)
        count, total = count - item_count, total - item_total
    # A group of one item, and a topic of one, fall with it. Of everything and everybody, half is too much to blame.
    few = len(items) <= max(1, len(concerned) // 2)
    return Explanation(items=tuple(items) if few and _healthy(count, total, detector.mean, least_fall) else ())


def falls_around(broad: Watched | None, item: Watched, stream: int) -> bool:
    """Return whether a group, or everything, falls with an item and without it too: then it is not the item's fall."""
    if broad is None or broad.winnings < _CERTAIN_ENOUGH:
        return False
    detector = broad.streams[stream]
    own = next((each for each in broad.culprits(stream) if each[0] == item.id), (item.id, 0, 0.0))
    count, total = detector.after_n - own[1], detector.after_sum - own[2]
    return count >= _LEAST_AROUND and detector.mean - total / count >= item.streams[stream].fall / 2


def _healthy(count: int, total: float, mean: float, least_fall: float) -> bool:
    return count < _LEAST_OF_REST or mean - total / count < least_fall / 2
