"""Writing a log. The file appears whole or not at all."""

import contextlib
import copy
import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

import numpy as np
import orjson
import zstandard
from google.protobuf import json_format
from google.protobuf.message import Message

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Item, UserEvent
from contento.contracts.topics import TopicName
from contento.eventlog.reading import MESSAGES

_TOPICS: Final[dict[str, TopicName]] = {message.DESCRIPTOR.full_name: topic for topic, message in MESSAGES.items()}
_ZSTD_LEVEL: Final = 3


class LogError(ContentoError):
    """A log cannot be written."""


class LogWriter:
    """Writes records to a log, in the order given: items first, then the rest in time order.

    Lines are compressed when the name ends in `.gz` or `.zst`. The records go to a file beside,
    which takes the name when the writer closes without an error, and is removed otherwise. The same
    records give the same bytes.

    Example:
        >>> with LogWriter(Path("shop.jsonl.zst")) as log:
        ...     log.append(event)
    """

    def __init__(self, path: Path) -> None:
        """Open the file beside.

        Raises:
            LogError: The folder is missing or cannot be written to.
        """
        self.path = path
        self.records = 0
        self._beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            self._file: BinaryIO = self._beside.open("wb")
        except OSError as error:
            raise LogError(f"{path}: cannot be written ({error.strerror}): give a file in a folder you own") from error
        self._stream = _compressed(self._file, path.suffix)

    def append(self, message: Message) -> None:
        """Add a record; its topic follows from the kind of message.

        Raises:
            LogError: No topic holds this kind of message, or the disk takes no more.
        """
        topic = _TOPICS.get(message.DESCRIPTOR.full_name)
        if topic is None:
            raise LogError(
                f"{message.DESCRIPTOR.full_name}: no topic holds this message: log one of {', '.join(_TOPICS)}"
            )
        try:
            self._stream.write(b'{"topic":"%s","value":%s}\n' % (topic.encode(), _json(message)))
        except OSError as error:
            raise self._cannot(error) from error
        self.records += 1

    def close(self) -> None:
        """Finish: the file is on disk and has its name.

        Raises:
            LogError: The disk takes no more; nothing is left.
        """
        try:
            if self._stream is not self._file:
                self._stream.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._beside.replace(self.path)
        except OSError as error:
            self.discard()
            raise self._cannot(error) from error

    def discard(self) -> None:
        """Give up: nothing is left."""
        self._beside.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # what is still in its buffer is of no use
            self._file.close()

    def _cannot(self, error: OSError) -> LogError:
        return LogError(f"{self.path}: cannot be written ({error.strerror}): free space, or give a file elsewhere")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


def _json(message: Message) -> bytes:
    """Return a message in proto3 JSON.

    The numbers of an embedding are written at once, as one by one they cost twice all the rest. Keys
    are sorted: a protobuf map has another order in each process, and the same records must give the
    same bytes.
    """
    options = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY
    if isinstance(message, UserEvent | Item) and message.HasField("image_embedding"):
        values = np.array(message.image_embedding.values, dtype=np.float32)
        if np.isfinite(values).all():
            rest = copy.deepcopy(message)
            rest.image_embedding.ClearField("values")
            value = json_format.MessageToDict(rest)
            value["imageEmbedding"]["values"] = values
            return orjson.dumps(value, option=options)
    return orjson.dumps(json_format.MessageToDict(message), option=options)


def _compressed(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":  # no name and no time in the header: the same records give the same bytes
        return cast("BinaryIO", gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0))
    if suffix == ".zst":
        return cast("BinaryIO", zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False))
    return file


def write_log(path: Path, records: Iterable[Message]) -> int:
    """Write a whole log; return the number of records.

    Raises:
        LogError: The file cannot be written, or no topic holds a message.
    """
    with LogWriter(path) as log:
        for record in records:
            log.append(record)
        return log.records
