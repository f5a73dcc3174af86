import re
from pathlib import Path

import pytest

from contento.training.data_error import DataError
from contento.training.readers import open_source
from contento.training.readers.specification import parse


def test_a_specification_is_taken_apart() -> None:
    specification = parse("csv:/a b/c:d.csv?user=the+user&text=a%2Cb,c&time=t%26u")
    assert (specification.kind, specification.path) == ("csv", "/a b/c:d.csv")
    assert specification.options == {"user": "the user", "text": "a,b,c", "time": "t&u"}


@pytest.mark.parametrize("spec", ["", "csv", "csv:", ":x", "movielens-100k:?a=b"])
def test_what_is_no_specification(spec: str) -> None:
    with pytest.raises(DataError, match=re.escape("expected ")) as caught:
        open_source(spec)
    assert caught.value.field in {"data", "kind"}


@pytest.mark.parametrize("options", ["user", "user=", "=a", "user=a&user=b", "user=a&&item=b"])
def test_what_are_no_options(tmp_path: Path, options: str) -> None:
    with pytest.raises(DataError, match="each option once, as name=value, joined by &"):
        open_source(f"csv:{tmp_path / 'a.csv'}?{options}")


def test_an_unknown_kind_is_told_with_those_there_are() -> None:
    with pytest.raises(DataError) as caught:
        open_source("excel:book.xls")
    assert caught.value.found == "'excel'"
    for kind in ("csv", "jsonl", "log", "movielens", "movielens-100k", "rees46", "simulated"):
        assert kind in caught.value.expected


@pytest.mark.parametrize("kind", ["csv", "jsonl", "log", "movielens", "movielens-100k", "rees46", "simulated"])
def test_an_unknown_option_is_told(tmp_path: Path, kind: str) -> None:
    path = "steady" if kind == "simulated" else str(tmp_path)
    with pytest.raises(DataError) as caught:
        open_source(f"{kind}:{path}?flurb=1")
    assert (caught.value.field, caught.value.found) == ("option flurb", "'flurb'")


def test_a_table_needs_a_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one column"):
        open_source(f"csv:{tmp_path / 'a.csv'}")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "log", "movielens", "movielens-100k", "rees46"])
def test_what_is_missing_is_told(tmp_path: Path, kind: str) -> None:
    options = "?user=u" if kind in {"csv", "jsonl"} else ""
    path = tmp_path / "absent"
    with pytest.raises(DataError) as caught:
        open_source(f"{kind}:{path}{options}")
    assert caught.value.path == str(path)
    assert caught.value.field in {"file", "folder"}
