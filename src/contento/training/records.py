"""What a data set reader and the simulator give: messages in time order."""

from collections.abc import Iterator
from typing import Protocol

from contento.contracts.messages import Feedback, Item, UserEvent

Record = Item | UserEvent | Feedback


class Source(Protocol):
    """A data set, opened. Reading it again gives the same records."""

    @property
    def name(self) -> str:
        """The specification it was opened with, for people."""
        ...

    @property
    def size(self) -> int | None:
        """Number of events, or `None` while unknown, for a progress bar."""
        ...

    def items(self) -> Iterator[Item]:
        """Yield what is known of the items; may yield none."""
        ...

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield events and feedback in time order.

        Raises:
            DataError: A file is wrong: says file, line, field, expected and found.
        """
        ...


def limited(source: Source, events: int | None) -> Iterator[UserEvent | Feedback]:
    """Yield a source's records up to the given number of events, and the feedback that comes before the next."""
    if events is None:
        yield from source.records()
        return
    for record in source.records():
        if isinstance(record, UserEvent):
            if events == 0:
                return
            events -= 1
        yield record
