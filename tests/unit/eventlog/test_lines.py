import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from contento.eventlog.lines import CHUNK_BYTES, read_lines
from contento.training.data_error import DataError

TEXT = "uno\ndue\r\ntrè 😡\n"
LINES = [(1, "uno"), (2, "due"), (3, "trè 😡")]

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("form", COMPRESS)
def test_lines_come_whatever_the_file_is_called(tmp_path: Path, form: str) -> None:
    path = tmp_path / "named.wrongly.gz"
    path.write_bytes(COMPRESS[form](TEXT.encode()))
    assert list(read_lines(path)) == LINES


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_parts_that_were_compressed_apart_are_one_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "log"
    compress = COMPRESS[form]
    path.write_bytes(compress(b"one\ntw") + compress(b"o\n") + compress(b"three") + b"\0" * (form == "gzip") * 100)
    assert [line for _, line in read_lines(path)] == ["one", "two", "three"]


@pytest.mark.parametrize("form", COMPRESS)
def test_lines_longer_than_a_chunk_come_whole(tmp_path: Path, form: str) -> None:
    long = "x" * (3 * CHUNK_BYTES + 17)
    path = tmp_path / "log"
    path.write_bytes(COMPRESS[form](f"{long}\nshort\n\n{long}".encode()))
    assert [line for _, line in read_lines(path)] == [long, "short", "", long]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo")
    assert list(read_lines(path)) == [(1, "one"), (2, "two")]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    assert list(read_lines(path)) == []


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_file_that_is_cut_off_is_told_after_its_last_whole_line(tmp_path: Path, form: str) -> None:
    body = "".join(f"line {number} {number * 7919 % 104729}\n" for number in range(200_000)).encode()
    compressed = COMPRESS[form](body)
    path = tmp_path / "log"
    path.write_bytes(compressed[: len(compressed) // 2])
    read: list[str] = []
    with pytest.raises(DataError, match=f"a whole {form} stream") as caught:
        read.extend(line for _, line in read_lines(path))
    assert caught.value.line == len(read) + 1 > 1000
    assert read == body.decode().split("\n")[: len(read)]


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_damage_is_told(tmp_path: Path, form: str) -> None:
    data = bytearray(COMPRESS[form](TEXT.encode() * 5000))
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    path = tmp_path / "log"
    path.write_bytes(bytes(data))
    with pytest.raises(DataError) as caught:
        list(read_lines(path))
    assert caught.value.field == "file"


def test_bytes_that_are_no_text_are_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"fine\nbad \xe8 byte\n")
    with pytest.raises(DataError) as caught:
        list(read_lines(path))
    assert str(caught.value) == (
        f"{path}, line 2: field line: expected UTF-8 text, found byte 0xe8 at column 5: "
        "mend the file or the --data specification"
    )
    assert [line for _, line in read_lines(path, "latin-1")] == ["fine", "bad è byte"]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a file that can be read, found No such file"):
        list(read_lines(tmp_path / "absent"))
    with pytest.raises(DataError, match="expected a file that can be read, found Is a directory"):
        list(read_lines(tmp_path))
