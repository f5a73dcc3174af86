"""What a segment's users do and like, in counters that stay small however long the stream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from contento.contracts.checkpoint import StateFormatError

Kind = str
KINDS: Final = ("types", "groups", "items", "words")
_KEPT: Final[Mapping[Kind, int]] = {"types": 64, "groups": 256, "items": 256, "words": 1024}
"""Names kept of each kind, twice as many before the rarest are dropped. A segment's tally is below 200 KB."""
_HALVED: Final = 50_000.0
"""Events from which all counts are halved: what is told of a segment is of its last hundred thousand or so."""
_FORMAT: Final = 1


@dataclass(slots=True)
class Count:
    """Of one name.

    Attributes:
        events: Events with it.
        liking: Sum of the weights of those events: how much they went for it.
        satisfaction: Sum of the satisfaction after them.
    """

    events: float = 0.0
    liking: float = 0.0
    satisfaction: float = 0.0


@dataclass(slots=True)
class Tally:
    """The counters of one segment.

    Attributes:
        total: Of all events.
        names: By kind and name.
    """

    total: Count = field(default_factory=Count)
    names: dict[Kind, dict[str, Count]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def add(self, named: Iterable[tuple[Kind, Iterable[str]]], liking: float, satisfaction: float) -> None:
        """Count an event.

        Args:
            named: The names in it, by kind.
            liking: Its weight, 0 at least.
            satisfaction: Of the user after it, in [0, 1].
        """
        _count(self.total, liking, satisfaction)
        for kind, names in named:
            counts = self.names[kind]
            for name in names:
                count = counts.get(name)
                if count is None:
                    count = counts[name] = Count()
                count.events += 1
                count.liking += liking
                count.satisfaction += satisfaction
            if len(counts) > 2 * _KEPT[kind]:
                self.names[kind] = _most(counts, _KEPT[kind])
        if self.total.events > _HALVED:
            for count in (self.total, *(each for counts in self.names.values() for each in counts.values())):
                count.events, count.liking, count.satisfaction = (
                    count.events / 2, count.liking / 2, count.satisfaction / 2,
                )  # fmt: skip

    def join(self, other: "Tally") -> None:
        """Take in another: of a segment that merged into this one."""
        _sum(self.total, other.total)
        for kind, counts in other.names.items():
            mine = self.names[kind]
            for name, count in counts.items():
                _sum(mine.setdefault(name, Count()), count)
            if len(mine) > 2 * _KEPT[kind]:
                self.names[kind] = _most(mine, _KEPT[kind])

    def to_bytes(self) -> bytes:
        """Return all of it, as JSON."""
        return orjson.dumps(
            {
                "format": _FORMAT,
                "total": _row(self.total),
                "names": {kind: {name: _row(each) for name, each in self.names[kind].items()} for kind in KINDS},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tally":
        """Read what `to_bytes` wrote.

        Raises:
            StateFormatError: Another format.
        """
        read: dict[str, Any] = orjson.loads(data)
        if read.get("format") != _FORMAT:
            raise StateFormatError(
                "the kept counters of a segment are of another format: start with an empty segment state, or with the "
                "version of Contento that wrote it"
            )
        return cls(
            total=Count(*read["total"]),
            names={kind: {name: Count(*row) for name, row in read["names"][kind].items()} for kind in KINDS},
        )


def _count(count: Count, liking: float, satisfaction: float) -> None:
    count.events += 1
    count.liking += liking
    count.satisfaction += satisfaction


def _sum(count: Count, other: Count) -> None:
    count.events += other.events
    count.liking += other.liking
    count.satisfaction += other.satisfaction


def _row(count: Count) -> list[float]:
    return [count.events, count.liking, count.satisfaction]


def _most(counts: dict[str, Count], kept: int) -> dict[str, Count]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1].events, each[0]))[:kept])
