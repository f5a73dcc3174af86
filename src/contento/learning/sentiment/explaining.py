"""Of a fall that shows in many keys at once: which one accounts for it."""

from typing import Final

from contento.learning.sentiment.watched import Kind, Watched

_MOST_CULPRITS: Final = 5
_LEAST_OF_CULPRIT: Final = 3
_LEAST_OF_REST: Final = 3
_LEAST_AROUND: Final = 10
_CERTAIN_ENOUGH: Final = 0.01
"""Winnings at which something larger is taken to be falling too: a hundredth of what an alarm takes."""
_NARROWEST_FIRST: Final[tuple[Kind, ...]] = ("item", "group", "segment")


def culprits(broad: Watched, stream: int, least_fall: float) -> list[tuple[Kind, str]]:
    """Return the few items, groups or segments that account for the fall of a broader key; none: it is its own.

    They do if what is left without them has not fallen by half as much as is told of, and if they are at most half of
    those concerned: of what everybody does, nobody is the culprit. The narrowest that do are returned.

    Args:
        broad: The key.
        stream: The stream that shows its fall.
        least_fall: Least fall that is told.
    """
    for kind in _NARROWEST_FIRST:
        if names := _culprits_of_kind(broad, stream, least_fall, kind):
            return [(kind, name) for name in names]
    return []


def falls_around(broad: Watched | None, narrow: Watched, stream: int) -> bool:
    """Return whether something broader falls with a key and without it too: then it is not that key's fall."""
    if broad is None or broad.winnings < _CERTAIN_ENOUGH:
        return False
    detector = broad.streams[stream]
    own = broad.tally(stream, narrow.kind).part(narrow.id)
    count, total = detector.after_n - own.samples, detector.after_sum - own.total
    return count >= _LEAST_AROUND and detector.mean - total / count >= narrow.streams[stream].fall / 2


def _culprits_of_kind(broad: Watched, stream: int, least_fall: float, kind: Kind) -> list[str]:
    detector = broad.streams[stream]
    count, total = detector.after_n, detector.after_sum
    found: list[str] = []
    concerned = broad.tally(stream, kind).costliest(detector.mean)
    for part in concerned:
        if _healthy(count, total, detector.mean, least_fall) or len(found) >= _MOST_CULPRITS:
            break
        if part.samples >= _LEAST_OF_CULPRIT and detector.mean - part.total / part.samples >= least_fall:
            found.append(part.name)
            count, total = count - part.samples, total - part.total
    # A group or a topic of one item falls with it.
    few = len(found) <= max(1, len(concerned) // 2) if broad.kind != "everywhere" else 2 * len(found) <= len(concerned)
    return found if few and _healthy(count, total, detector.mean, least_fall) else []


def _healthy(count: int, total: float, mean: float, least_fall: float) -> bool:
    return count < _LEAST_OF_REST or mean - total / count < least_fall / 2
