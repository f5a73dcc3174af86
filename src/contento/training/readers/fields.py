"""Reading the text of one field: times, numbers, ratings, satisfaction labels."""

import math
import re
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Satisfaction

NS: Final = 1_000_000_000
SYNTHETIC_START_NS: Final = 1_577_836_800 * NS
"""2020-01-01T00:00:00Z: rows of a file without times are one second apart from here, in file order."""

TIME_FORMS: Final = "a time: unix s, ms, µs or ns, ISO 8601, or month/day/year hour:minute"
_LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last a protobuf Timestamp holds
_FIRST_SECOND: Final = -62_135_596_800
_NUMBER: Final = re.compile(r"([+-]?\d+)(?:\.(\d*))?")
_US_TIME: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SATISFACTION: Final = {
    word: value
    for value, words in (
        (Satisfaction.SATISFACTION_NEGATIVE, ("negative", "neg", "0")),
        (Satisfaction.SATISFACTION_NEUTRAL, ("neutral", "neu", "1")),
        (Satisfaction.SATISFACTION_POSITIVE, ("positive", "pos", "2")),
    )
    for word in words
}


class WrongField(ValueError):
    """A field cannot be read. The reader adds file and line and raises `DataError`."""

    def __init__(self, field: str, expected: str, text: str) -> None:
        """Keep the parts; a long text is cut."""
        self.field, self.expected = field, expected
        self.found = shown(text)
        super().__init__(field)


def shown(text: str) -> str:
    """Return a text as an error message shows it: quoted, at most 80 characters of it."""
    if not text:
        return "nothing"
    return repr(text if len(text) <= 80 else text[:79] + "…")


def time_ns(text: str, field: str) -> int:
    """Return a time in nanoseconds since 1970, UTC.

    A number's unit follows from its size: below 1e11 seconds, below 1e14 milliseconds, below 1e17
    microseconds, else nanoseconds. A time without a zone is UTC.

    Raises:
        WrongField: It is no time, or outside the years 1 to 9999.
    """
    stripped = text.strip()
    if number := _NUMBER.fullmatch(stripped):
        nanoseconds = _unix_ns(number[1], number[2] or "")
    else:
        try:
            nanoseconds = _written_ns(stripped)
        except ValueError:
            raise WrongField(field, TIME_FORMS, text) from None
    if not _FIRST_SECOND <= nanoseconds // NS <= _LAST_SECOND:
        raise WrongField(field, "a time in the years 1 to 9999", text)
    return nanoseconds


def _unix_ns(whole: str, fraction: str) -> int:
    value = int(whole)
    size = abs(value)
    digits = 9 if size < 10**11 else 6 if size < 10**14 else 3 if size < 10**17 else 0
    part = int((fraction + "0" * digits)[:digits] or "0")
    return value * int(10**digits) + (-part if whole.startswith("-") else part)


def _written_ns(text: str) -> int:
    text = text.removesuffix(" UTC")
    if us := _US_TIME.fullmatch(text):
        month, day, year, hour, minute, second = (int(part or 0) for part in us.groups())
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    else:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS + since.microseconds * 1_000


def timestamp(nanoseconds: int) -> Timestamp:
    """Return nanoseconds since 1970 as a message."""
    seconds, nanos = divmod(nanoseconds, NS)
    return Timestamp(seconds=seconds, nanos=nanos)


def number(text: str, field: str) -> float:
    """Return a finite number.

    Raises:
        WrongField: It is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WrongField(field, "a number", text)
    return value


def whole_number(text: str, field: str) -> int:
    """Return a whole number.

    Raises:
        WrongField: It is none.
    """
    try:
        return int(text)
    except ValueError:
        raise WrongField(field, "a whole number", text) from None


def rating(text: str, field: str, lowest: float = 1.0) -> float:
    """Return a rating from 1 to 5; where a scale begins at `lowest` below 1, what is below 1 counts as 1.

    Raises:
        WrongField: It is no number, or outside `lowest` to 5.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not lowest <= value <= 5.0:
        raise WrongField(field, f"a rating from {lowest:g} to 5", text)
    return max(value, 1.0)


def satisfaction(text: str, field: str) -> Satisfaction:
    """Return a satisfaction label: negative, neutral or positive, neg, neu or pos, 0, 1 or 2, in any case.

    Raises:
        WrongField: It is something else.
    """
    value = _SATISFACTION.get(text.strip().lower())
    if value is None:
        raise WrongField(field, "negative, neutral or positive (or neg, neu, pos, or 0, 1, 2)", text)
    return value
