"""Which parts a mean is made of: the few that cost it most."""

from typing import Final, NamedTuple

_KEPT: Final = 16
"""A fall that more parts than this make is nobody's in particular."""


class Part(NamedTuple):
    """A part of a sum: the id of an item, group or segment, its observations, and their sum."""

    name: str
    samples: int
    total: float


class Tally:
    """Observations and their sum by id; when there are too many, the one that costs least goes."""

    __slots__ = ("_parts",)

    def __init__(self, parts: list[tuple[str, int, float]] | None = None) -> None:
        """Start with these parts."""
        self._parts = {name: [count, total] for name, count, total in parts or ()}

    def add(self, name: str, value: float, usual: float) -> None:
        """Take an observation; `usual` is what the mean was before."""
        part = self._parts.get(name)
        if part is not None:
            part[0] += 1
            part[1] += value
            return
        if len(self._parts) >= _KEPT:
            del self._parts[min(self._parts, key=lambda each: (self._cost(each, usual), each))]
        self._parts[name] = [1, value]

    def costliest(self, usual: float) -> list[Part]:
        """Return the parts, the one first that has pulled the mean down most."""
        ranked = sorted(self._parts, key=lambda each: (-self._cost(each, usual), each))
        return [self.part(name) for name in ranked]

    def part(self, name: str) -> Part:
        """Return a part; one that is not kept has no observations."""
        count, total = self._parts.get(name, (0, 0.0))
        return Part(name, int(count), total)

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()

    def state(self) -> list[object]:
        """Return the parts, as JSON takes them."""
        return [[name, count, total] for name, (count, total) in self._parts.items()]

    def _cost(self, name: str, usual: float) -> float:
        count, total = self._parts[name]
        return count * usual - total
