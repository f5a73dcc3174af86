"""Kafka records as a core sees them: what comes in, and what could not be used."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import Message

from contento.contracts import headers
from contento.contracts.codec import decode
from contento.contracts.rejection import RejectedRecord
from contento.contracts.validation import validate

M = TypeVar("M", bound=Message)

LONGEST_REASON: Final = 1000
"""Characters of a reason in a dead letter's header: a producer's 10 MB field name must not make the
dead letter larger than a record may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRecord:
    """A record as it lies in Kafka.

    Attributes:
        topic: Full name of the topic.
        partition: Partition, from 0.
        offset: Offset, from 0.
        timestamp_ms: Timestamp, unix milliseconds.
        key: Key bytes.
        value: Value bytes; `None` is a tombstone.
        headers: Headers in order.
        cluster: Id of the Kafka cluster: offsets mean nothing outside it.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    cluster: str = ""

    @property
    def source(self) -> str:
        """Where offsets count: `<cluster>/<topic>/<partition>`."""
        return f"{self.cluster}/{self.topic}/{self.partition}"

    def header(self, name: str) -> bytes | None:
        """Return the last header of a name, in any case."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRecord:
    """A record to publish."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


def read_message(record: InputRecord, message_type: type[M], *, now_ms: int) -> M:
    """Decode and validate a record.

    Raises:
        RejectedRecord: It cannot be used.
    """
    names: Mapping[str, bytes] = {name.lower(): value for name, value in record.headers} if record.headers else {}
    message = decode(message_type, record.value, names)
    validate(message, now_ms=now_ms)
    return message


def dead_letter(record: InputRecord, reason: RejectedRecord) -> OutputRecord:
    """Return the dead letter of a record: key, value and headers unchanged, the reason in further headers."""
    added = {
        headers.ERROR_CODE: reason.code,
        headers.ERROR: str(reason),
        headers.ERROR_FIELD: reason.field,
        headers.SOURCE_TOPIC: record.topic,
        headers.SOURCE_PARTITION: str(record.partition),
        headers.SOURCE_OFFSET: str(record.offset),
        headers.SOURCE_TIMESTAMP: str(record.timestamp_ms),
    }
    return OutputRecord(
        key=record.key,
        value=record.value,
        headers=[*record.headers, *((name, text[:LONGEST_REASON].encode()) for name, text in added.items())],
    )


def packed(record: OutputRecord) -> bytes:
    """Return a record as JSON, to be kept until it can be published."""
    parts = [None if part is None else b64encode(part).decode() for part in (record.key, record.value)]
    return json.dumps([*parts, [[name, b64encode(value).decode()] for name, value in record.headers]]).encode()


def unpacked(data: bytes) -> OutputRecord:
    """Return the record that `packed` made JSON of."""
    key, value, found = json.loads(data)
    parts = [None if part is None else b64decode(part) for part in (key, value)]
    return OutputRecord(key=parts[0], value=parts[1], headers=[(name, b64decode(text)) for name, text in found])
