"""Reading a log: one `{"topic": ..., "value": ...}` a line, in proto3 JSON; plain, gzip or zstd."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from contento.contracts.topics import TOPICS, TopicName
from contento.eventlog.lines import read_lines
from contento.eventlog.quick import parse_quickly
from contento.training.data_error import DataError

MESSAGES: Final[dict[TopicName, type[Message]]] = {
    name: topic.message for name, topic in TOPICS.items() if topic.message is not None
}
"""What a log can hold, by topic."""

_HEADS: Final[dict[str, TopicName]] = {f'{{"topic":"{name}",': name for name in MESSAGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One record of a log.

    Attributes:
        line: Its line, from 1.
        topic: Its topic, without the prefix.
        message: Its value.
    """

    line: int
    topic: TopicName
    message: Message


def read_log(path: Path, *topics: TopicName) -> Iterator[LogEntry]:
    """Yield the records of the topics asked for, or of all, in the order of the log. Blank lines are passed over.

    Raises:
        DataError: The file cannot be read, or a line is no record: says which, and why.
    """
    for line, text in read_lines(path):
        topic = topic_of(path, line, text)
        if topic is None or (topics and topic not in topics):
            continue
        value = _object(path, line, text).get("value")
        if not isinstance(value, dict):
            raise DataError(
                path=str(path), line=line, field="value", expected="a JSON object", found=type(value).__name__
            )
        message = parse_quickly(value, MESSAGES[topic])
        if message is None:
            message = _parse(path, line, value, MESSAGES[topic])
        yield LogEntry(line=line, topic=topic, message=message)


def _parse(path: Path, line: int, value: dict[str, object], message_type: type[Message]) -> Message:
    message = message_type()
    try:
        json_format.ParseDict(value, message)
    except json_format.ParseError as error:
        raise DataError(
            path=str(path),
            line=line,
            field="value",
            expected=f"a {message.DESCRIPTOR.full_name} in proto3 JSON",
            found=str(error).removesuffix("."),
        ) from error
    return message


def topic_of(path: Path, line: int, text: str) -> TopicName | None:
    """Return the topic of a line, `None` when it is blank; quick for lines as `LogWriter` writes them.

    Raises:
        DataError: The line is no JSON object, or its topic is none that a log can hold.
    """
    topic = _HEADS.get(text[: text.find(",") + 1])
    if topic is not None or not text.strip():
        return topic
    named = _object(path, line, text).get("topic")
    for name in MESSAGES:
        if named == name:
            return name
    raise DataError(
        path=str(path), line=line, field="topic", expected=f"one of {', '.join(MESSAGES)}", found=repr(named)
    )


def _object(path: Path, line: int, text: str) -> dict[str, object]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError(path=str(path), line=line, field="line", expected="a JSON object", found=str(error)) from error
    if not isinstance(value, dict):
        raise DataError(
            path=str(path), line=line, field="line", expected="a JSON object", found=f"a JSON {type(value).__name__}"
        )
    return value
