"""Lines of a text file: plain, gzip or zstd, told apart by their first bytes, never by name."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import zstandard

from contento.training.data_error import DataError

CHUNK_BYTES: Final = 256 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BOM: Final = b"\xef\xbb\xbf"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Yield each line with its number, from 1, and without its `\n` (or `\r\n`).

    Raises:
        DataError: The file is missing, is a folder, cannot be read, is cut off or damaged (gzip,
            zstd), or holds bytes that are not text of the encoding.
    """
    for number, line in enumerate(_byte_lines(path), start=1):
        try:
            yield number, line.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                path=str(path),
                line=number,
                field="line",
                expected=f"{encoding.upper()} text",
                found=f"byte 0x{line[error.start]:02x} at column {error.start + 1}",
            ) from error


def _byte_lines(path: Path) -> Iterator[bytes]:
    rest = b""
    number = 0
    try:
        for chunk in _chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                yield (line.removeprefix(_BOM) if number == 1 else line).removesuffix(b"\r")
    except OSError as error:
        raise DataError(
            path=str(path),
            line=None,
            field="file",
            expected="a file that can be read",
            found=error.strerror or str(error),
        ) from error
    except _DamagedError as error:
        raise DataError(
            path=str(path), line=number + 1, field="file", expected=error.expected, found=error.found
        ) from error
    if rest:
        yield (rest.removeprefix(_BOM) if number == 0 else rest).removesuffix(b"\r")


class _DamagedError(Exception):
    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(found)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            yield from _decompressed(file, "gzip", lambda: zlib.decompressobj(wbits=31))
        elif magic == _ZSTD_MAGIC:
            yield from _decompressed(file, "zstd", lambda: zstandard.ZstdDecompressor().decompressobj())
        else:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _decompressed(file: BinaryIO, form: str, fresh: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Decompress frame after frame; the libraries' own file readers pass over a cut-off zstd frame in silence."""
    decompressor: _Decompressor | None = None
    while chunk := file.read(CHUNK_BYTES):
        data = chunk
        while data:
            if decompressor is None:
                decompressor = fresh()
            try:
                yield decompressor.decompress(data)
            except (zlib.error, zstandard.ZstdError) as error:
                raise _DamagedError(f"sound {form} data", f"damaged data ({error})") from error
            if not decompressor.eof:
                break
            data = decompressor.unused_data.lstrip(b"\0")  # tapes and block devices pad with zeros
            decompressor = None
    if decompressor is not None:
        raise _DamagedError(f"a whole {form} stream", "its end missing: the file is cut off")
