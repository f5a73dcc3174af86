"""One order for one log: of all records that wait, the oldest comes next."""

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Record(Protocol):
    """A record of a partition."""

    @property
    def timestamp_ms(self) -> int:
        """When it was written, by Kafka: unix milliseconds."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class _Queue(Generic[R]):
    rank: int
    waiting: deque[R]
    drained: bool = False


class TimeOrder(Generic[R]):
    """Merges partitions by time.

    The next record is the one with the least timestamp of all first records; of those that are equal, the one of the
    partition that was named first. It can be told only when every partition has a record that waits, or is known to
    have none; so for a log that is complete the order does not depend on how its records come over the wire. While a
    log grows, a partition that has no record now does not hold the others up: what it gets later comes later.
    """

    def __init__(self, partitions: Sequence[Hashable]) -> None:
        """Take the partitions, in the order that decides between equal times."""
        self._queues: dict[Hashable, _Queue[R]] = {
            partition: _Queue(rank, deque()) for rank, partition in enumerate(partitions)
        }

    def add(self, partition: Hashable, records: Sequence[R]) -> None:
        """Take in records of a partition, in the order of their offsets."""
        queue = self._queues[partition]
        queue.waiting.extend(records)

    def drained(self, partition: Hashable, *, is_drained: bool) -> None:
        """Say whether a partition has, for now, no record beyond those that were added."""
        self._queues[partition].drained = is_drained

    def waiting(self, partition: Hashable) -> int:
        """Return how many records of a partition were added and not yet taken."""
        return len(self._queues[partition].waiting)

    def take(self, most: int) -> list[tuple[Hashable, R]]:
        """Return the next records with their partitions; fewer than `most` when the next cannot be told yet."""
        taken: list[tuple[Hashable, R]] = []
        while len(taken) < most:
            best: tuple[int, int, Hashable] | None = None
            for partition, queue in self._queues.items():
                if not queue.waiting:
                    if not queue.drained:
                        return taken
                    continue
                place = (queue.waiting[0].timestamp_ms, queue.rank, partition)
                if best is None or place[:2] < best[:2]:
                    best = place
            if best is None:
                return taken
            taken.append((best[2], self._queues[best[2]].waiting.popleft()))
        return taken
