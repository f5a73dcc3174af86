"""Rows of a table file: CSV with a header, or a JSON object a line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import orjson

from contento.eventlog.lines import read_lines
from contento.training.data_error import DataError
from contento.training.readers.fields import shown

Row = tuple[int, Sequence[str]]
"""Line on which the row begins, from 1, and the cells of the columns asked for, in their order; "" where empty."""

_LARGEST_CELL: Final = 64 * 1024 * 1024  # a text of 10 MB must come through whole
csv.field_size_limit(_LARGEST_CELL)


def read_csv(path: Path, columns: Sequence[str], delimiter: str = ",") -> Iterator[Row]:
    """Yield the rows of a CSV file with a header.

    Raises:
        DataError: The file is empty or cannot be read, a column is missing, a row is longer or
            shorter than the header, or its quotes are not closed.
    """
    starts = _LineStarts(path)
    reader = csv.reader(starts, delimiter=delimiter, strict=True)
    begin = 1
    try:
        header = next(reader, [])
        if not any(header):
            raise DataError(
                path=str(path), line=None, field="header", expected="a line of column names", found="nothing"
            )
        places = [_place(path, header, column, delimiter) for column in columns]
        width = len(header)
        begin = reader.line_num + 1
        for row in reader:
            if len(row) != width:
                if row:
                    raise DataError(
                        path=str(path),
                        line=begin,
                        field="row",
                        expected=f"{width} cells separated by {delimiter!r}, as in the header",
                        found=str(len(row)),
                    )
            else:
                yield begin, [row[place] for place in places]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            path=str(path), line=begin, field="row", expected="CSV with quotes doubled and closed", found=str(error)
        ) from error


class _LineStarts:
    """Lines as `csv` wants them: with their ends, so that line breaks inside quotes stay."""

    def __init__(self, path: Path) -> None:
        self._lines = read_lines(path)

    def __iter__(self) -> Iterator[str]:
        return (line + "\n" for _, line in self._lines)


def _place(path: Path, header: Sequence[str], column: str, delimiter: str) -> int:
    if column in header:
        return header.index(column)
    found = ", ".join(header)
    hint = ""
    if len(header) == 1:
        hint = next((f"; separated by {sign!r}?" for sign in ";\t|," if sign != delimiter and sign in header[0]), "")
    raise DataError(
        path=str(path),
        line=1,
        field=column,
        expected=f"a column of this name in a header separated by {delimiter!r}",
        found=f"columns {shown(found)}{hint}",
    )


def read_jsonl(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a file with one JSON object a line; a key that a line lacks, or null, is empty.

    Raises:
        DataError: The file is empty or cannot be read, a line is no JSON object, a value is a list
            or an object, or no line at all has a column.
    """
    missing = set(columns)
    last = 0
    for last, line in read_lines(path):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataError(
                path=str(path), line=last, field="line", expected="a JSON object", found=f"{shown(line)} ({error})"
            ) from error
        if not isinstance(row, dict):
            raise DataError(path=str(path), line=last, field="line", expected="a JSON object", found=shown(line))
        if missing:
            missing -= row.keys()
        yield last, [_cell(path, last, column, row.get(column)) for column in columns]
    if not last:
        raise DataError(path=str(path), line=None, field="file", expected="a JSON object a line", found="nothing")
    for column in sorted(missing):
        raise DataError(path=str(path), line=None, field=column, expected="this key in some line", found="it in none")


def _cell(path: Path, line: int, column: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise DataError(
            path=str(path),
            line=line,
            field=column,
            expected="a text or a number",
            found=f"a JSON {type(value).__name__}",
        )
    return orjson.dumps(value).decode()


def unique(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns without repeats and empty names, in their order."""
    return tuple(dict.fromkeys(column for column in columns if column))
