"""Which texts users have written, and which are an item's own."""

from collections.abc import Sequence
from typing import Final

_TYPES: Final = 64
_KNOWN: Final = 20
_REPEATED: Final = 0.2


class Voices:
    """Tells what users write from what is shown to them: an item's own text comes again and again.

    At an item that has had texts before, a new one has been written. The first text that an item is seen with is taken
    for its own, unless events of that type hardly ever repeat a text: those of reviews do not, those of views do.
    """

    __slots__ = ("_silent", "_types")

    def __init__(self, silent: frozenset[str], types: Sequence[tuple[str, int, int]] = ()) -> None:
        """Take the event types whose texts are no opinions, and what is known of the others."""
        self._silent = silent
        self._types = {name: [texts, repeats] for name, texts, repeats in types}

    def is_opinion(self, event_type: str, seen: bool | None) -> bool:
        """Return whether a text is an opinion that a user has written.

        Args:
            event_type: Type of the event it came with.
            seen: Whether it has been seen at its item before; `None`: there was no text at that item yet.
        """
        if event_type in self._silent:
            return False
        counts = self._types.get(event_type)
        if counts is None:
            if len(self._types) >= _TYPES:
                return seen is False
            counts = self._types[event_type] = [0, 0]
        if seen is None:
            return counts[0] >= _KNOWN and counts[1] < _REPEATED * counts[0]
        counts[0] += 1
        counts[1] += seen
        if counts[0] >= 1000:  # a type's use may change
            counts[0], counts[1] = counts[0] // 2, counts[1] // 2
        return not seen

    def state(self) -> list[object]:
        """Return what is known of the types, as JSON takes it."""
        return [[name, texts, repeats] for name, (texts, repeats) in self._types.items()]
