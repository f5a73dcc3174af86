"""Why a record cannot be used."""

from typing import Literal, get_args

from contento.contracts.errors import ContentoError

RejectionCode = Literal[
    "undecodable",
    "invalid_utf8",
    "wrong_type",
    "unknown_field",
    "unknown_enum",
    "missing",
    "out_of_range",
    "too_large",
    "unprocessable",
]
REJECTION_CODES: tuple[RejectionCode, ...] = get_args(RejectionCode)
MEANINGS: dict[RejectionCode, str] = {
    "undecodable": "The bytes are not the encoding that the headers say.",
    "invalid_utf8": "A string is not UTF-8, or holds half a character.",
    "wrong_type": "A field holds a value of another type.",
    "unknown_field": "JSON names a field that the message does not have. (Protobuf's unknown fields are passed over.)",
    "unknown_enum": "An enum holds a value that it does not have.",
    "missing": "A required field, or the whole value, is not there.",
    "out_of_range": "A number or a time is outside its limits.",
    "too_large": "A string, or a number of entries, is over its limit.",
    "unprocessable": "The record is valid and still cannot be used: a fault of the scorer, its model or the learner.",
}
"""What each code says of a record."""


class RejectedRecord(ContentoError):
    """A record that goes to the dead-letter topic.

    Attributes:
        code: The kind of fault.
        field: Dotted path of the field at fault; empty when the whole value is.
        expected: What was expected there.
        found: What was found there.
    """

    def __init__(self, code: RejectionCode, *, field: str, expected: str, found: str) -> None:
        """Compose the message."""
        self.code: RejectionCode = code
        self.field, self.expected, self.found = field, expected, found
        place = f"field {field}" if field else "value"
        super().__init__(f"{place}: expected {expected}, found {found}: mend the producer and send the record again")


def shown(value: object, limit: int = 60) -> str:
    """Return a value as it is shown in a message: quoted, and cut at `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
