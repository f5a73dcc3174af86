"""Rows of a file in time order: streamed where the file is in order, else sorted in memory."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from contento.training.data_error import DataError
from contento.training.readers.fields import NS, SYNTHETIC_START_NS, WrongField, time_ns
from contento.training.readers.tables import Row

SCAN_AT_ONCE_BYTES: Final = 16 * 1024 * 1024
"""Files up to this size are scanned when opened, so that a wrong one is told before anything starts."""

TimedRow = tuple[int, int, Sequence[str]]
"""Time in ns, line, cells."""


class TimedRows:
    """Rows with their times, in time order; rows of equal time stay in file order.

    A first pass over the times finds whether the file is in order and counts its rows. A file in
    order is then streamed, in constant memory; any other is sorted in memory.

    Attributes:
        size: Number of rows, once scanned.
    """

    def __init__(self, path: Path, read: Callable[[], Iterator[Row]], time_place: int | None, time_field: str) -> None:
        """Remember how to read the rows; a small file is scanned at once.

        Args:
            path: The file, for messages.
            read: Opens the rows, from the first.
            time_place: Which cell holds the time; `None` when rows are one second apart in file order.
            time_field: Name of that column, for messages.

        Raises:
            DataError: The file is wrong (see `tables`), or a time in it.
        """
        self.size: int | None = None
        self._path, self._read, self._place, self._field = path, read, time_place, time_field
        self._in_order = True
        if not path.is_file() or path.stat().st_size <= SCAN_AT_ONCE_BYTES:
            self._scan()
        else:
            next(read(), None)  # the header

    def __iter__(self) -> Iterator[TimedRow]:
        """Yield the rows in time order."""
        if self.size is None:
            self._scan()
        return self._timed() if self._in_order else iter(sorted(self._timed(), key=lambda row: row[0]))

    def _scan(self) -> None:
        rows, last, in_order = 0, None, True
        for rows, (moment, _, _) in enumerate(self._timed(), start=1):  # noqa: B007 - read after the loop
            if last is not None and moment < last:
                in_order = False
            last = moment
        if not rows:
            raise DataError(path=str(self._path), line=None, field="rows", expected="at least one", found="none")
        self.size, self._in_order = rows, in_order

    def _timed(self) -> Iterator[TimedRow]:
        if self._place is None:
            clock = count(SYNTHETIC_START_NS, NS)
            for line, cells in self._read():
                yield next(clock), line, cells
            return
        place, field = self._place, self._field
        last_text, moment = "", 0
        for line, cells in self._read():
            text = cells[place]
            if text != last_text or not text:
                try:
                    moment = time_ns(text, field)
                except WrongField as wrong:
                    raise DataError(
                        path=str(self._path), line=line, field=field, expected=wrong.expected, found=wrong.found
                    ) from wrong
                last_text = text
            yield moment, line, cells
