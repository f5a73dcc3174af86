"""Reading usual events and feedback from JSON about three times as fast as protobuf's own reader.

What is not of the usual form is left to that reader, which also finds what is wrong with it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Embedding, Feedback, Item, UserEvent

M = TypeVar("M", bound=Message)

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?:\d{3}|\d{6}))?Z", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FLOAT32_MAX: Final = 3.4e38
_SIMPLE: Final = frozenset({str, int, float})


class _UnusualError(ValueError):
    pass


def parse_quickly(value: Mapping[str, Any], message_type: type[M]) -> M | None:
    """Return the message of a JSON object, or `None` when its form is not the usual one."""
    readers, exclusive = _READERS.get(message_type.DESCRIPTOR.full_name, ({}, frozenset()))
    if not readers or len(value.keys() & exclusive) > 1:
        return None
    try:
        return message_type(**{readers[key][0]: readers[key][1](field) for key, field in value.items()})
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _simple(value: object) -> object:
    if type(value) not in _SIMPLE:
        raise _UnusualError
    return value


def _list(value: object) -> object:
    if not isinstance(value, list):
        raise _UnusualError
    return value


def _map(value: object) -> object:
    if not isinstance(value, dict):
        raise _UnusualError
    return value


def _time(value: str) -> Timestamp:
    if not _TIME.fullmatch(value):
        raise _UnusualError
    since = datetime.fromisoformat(value) - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def _embedding(value: object) -> Embedding:
    if not isinstance(value, dict):
        raise _UnusualError
    values = value.get("values", [])
    usual = value.keys() <= {"values", "encoder"} and isinstance(values, list)
    if not usual or not all(type(number) is float and abs(number) < _FLOAT32_MAX for number in values):
        raise _UnusualError
    return Embedding(values=values, encoder=value.get("encoder", ""))


def _readers(message: type[Message]) -> tuple[dict[str, tuple[str, Callable[[Any], Any]]], frozenset[str]]:
    """Return, by name in JSON, the name of each usual field and what reads it; and the names of which one may be."""
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {}
    exclusive: set[str] = set()
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and len(field.containing_oneof.fields) > 1:  # an optional field is alone in its own
            exclusive.add(field.json_name)
        if field.message_type is None:
            readers[field.json_name] = (field.name, _list if field.is_repeated else _simple)
        elif field.message_type.GetOptions().map_entry:
            readers[field.json_name] = (field.name, _map)
        elif field.message_type.full_name == Timestamp.DESCRIPTOR.full_name:
            readers[field.json_name] = (field.name, _time)
        elif field.message_type.full_name == Embedding.DESCRIPTOR.full_name:
            readers[field.json_name] = (field.name, _embedding)
    return readers, frozenset(exclusive)


_READERS: Final = {message.DESCRIPTOR.full_name: _readers(message) for message in (UserEvent, Feedback, Item)}
