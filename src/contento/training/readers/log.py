"""Contento's own event log as a data set."""

from collections.abc import Iterator
from pathlib import Path

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.eventlog.lines import read_lines
from contento.eventlog.reading import read_log, topic_of
from contento.training.readers.order import SCAN_AT_ONCE_BYTES
from contento.training.readers.specification import Specification


class LogSource:
    """A log that was recorded or simulated, in the order of the log, in constant memory.

    The order of a log is the order in which its records came, so that a replay meets late events
    where they were met; the simulator's logs are in time order. Other topics are passed over.

    Attributes:
        name: The specification.
    """

    def __init__(self, specification: Specification) -> None:
        """Open the log; the events of a small one are counted at once.

        Raises:
            DataError: There is an option, or the file is wrong.
        """
        specification.allow(())
        self.name = specification.text
        self._path = Path(specification.path)
        self.size: int | None = None
        if not self._path.is_file() or self._path.stat().st_size <= SCAN_AT_ONCE_BYTES:
            self.size = sum(topic_of(self._path, line, text) == "events" for line, text in read_lines(self._path))

    def items(self) -> Iterator[Item]:
        """Yield the items of the log, wherever they stand in it."""
        for entry in read_log(self._path, "items"):
            if isinstance(entry.message, Item):
                yield entry.message

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield events and feedback in the order of the log.

        Raises:
            DataError: A line is wrong.
        """
        for entry in read_log(self._path, "events", "feedback"):
            if isinstance(entry.message, UserEvent | Feedback):
                yield entry.message
