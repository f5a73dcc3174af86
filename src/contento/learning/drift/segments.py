"""Which segments are watched: a bounded number."""

from typing import Final

SEGMENTS: Final = 16
_SILENT: Final = 50_000
"""Scores without one of a segment, after which another may take its place."""


class Segments:
    """The segments seen first; one that has been silent makes room for a new one."""

    def __init__(self, most: int = SEGMENTS) -> None:
        """Start with none.

        Args:
            most: How many, at most.
        """
        self._most = most
        self._last: dict[str, int] = {}

    def __contains__(self, segment: str) -> bool:
        # One segment alone is everywhere: to watch it would be to watch the same twice.
        return segment in self._last and len(self._last) > 1

    def see(self, segment: str, sample: int) -> str | None:
        """Take note of a segment; return the one that made room for it, if one did.

        Args:
            segment: Of a score; empty: none.
            sample: Number of the score.
        """
        if not segment:
            return None
        gone = None
        if segment not in self._last and len(self._last) == self._most:
            oldest = min(self._last, key=lambda each: (self._last[each], each))
            if sample - self._last[oldest] < _SILENT:
                return None
            del self._last[oldest]
            gone = oldest
        self._last[segment] = sample
        return gone

    def state(self) -> dict[str, int]:
        """Return when each was last seen."""
        return self._last

    def restore(self, state: dict[str, int]) -> None:
        """Take up a state that `state` has returned."""
        self._last = {str(segment): int(sample) for segment, sample in state.items()}
