import gzip
from pathlib import Path

import pytest

from contento.contracts.messages import Feedback, TextKind, UserEvent
from contento.training.data_error import DataError
from contento.training.readers import open_source
from contento.training.records import Source

FLAGS = "|".join("1" if place in {3, 4} else "0" for place in range(19))


@pytest.fixture
def classic(tmp_path: Path) -> Path:
    (tmp_path / "u.data").write_text("2\t10\t3\t200\n2\t9\t5\t100\n1\t10\t1\t100\n10\t9\t4\t100\n1\t9\t2\t100\n")
    (tmp_path / "u.item").write_bytes(
        f"9|Città, La (1995)|01-Jan-1995||http://x|{FLAGS}\n10|Heat|||http://y|{'0|' * 18}0\n".encode("latin-1")
    )
    (tmp_path / "u.user").write_text("1|17|M|student|1\n2|24|F|other|2\n10|56|M|artist|3\n")
    return tmp_path


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n2,10,0.5,200\n1,9,4.5,100\n1,77,3.0,300\n")
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n9,"Toy Story, The (1995)",Adventure|Comedy\n10,Heat,(no genres listed)\n'
    )
    return tmp_path


def pairs(source: Source) -> list[tuple[str, str, float]]:
    records = list(source.records())
    events, ratings = records[::2], records[1::2]
    rows = []
    for event, rating in zip(events, ratings, strict=True):
        assert isinstance(event, UserEvent)
        assert isinstance(rating, Feedback)
        assert (event.event_id, event.user_id, event.item_id) == (rating.event_id, rating.user_id, rating.item_id)
        assert event.time == rating.time
        assert event.type == "rating"
        assert not event.HasField("value")
        rows.append((event.user_id, event.item_id, rating.rating))
    assert source.size == len(rows)
    return rows


def test_the_classic_is_read_by_time_user_and_item(classic: Path) -> None:
    source = open_source(f"movielens-100k:{classic}")
    assert pairs(source) == [("1", "9", 2), ("1", "10", 1), ("2", "9", 5), ("10", "9", 4), ("2", "10", 3)]
    assert [(item.item_id, item.title, list(item.categories)) for item in source.items()] == [
        ("9", "Città, La (1995)", ["Animation", "Children's"]),
        ("10", "Heat", []),
    ]
    assert [dict(item.attributes) for item in source.items()] == [{"year": "1995"}, {}]
    events = [record for record in source.records() if isinstance(record, UserEvent)]
    assert [event.event_id for event in events] == [f"movielens-100k-{line}" for line in (5, 3, 2, 4, 1)]
    assert (events[0].text, events[0].text_kind) == (
        "Città, La (1995). Animation, Children's",
        TextKind.TEXT_KIND_ITEM,
    )
    assert [event.attributes["segment"] for event in events] == [
        "age under 18", "age under 18", "age 18-24", "age 56 and over", "age 18-24",
    ]  # fmt: skip


def test_river_order_is_kept_where_there_is_one(classic: Path) -> None:
    rows = "user\titem\trating\ttimestamp\tage\n10\t9\t4.0\t874731910000000000\t5\n1\t9\t2.0\t874731910000000000\t5\n"
    (classic / "river_order.csv.gz").write_bytes(gzip.compress(rows.encode()))
    source = open_source(f"movielens-100k:{classic}")
    assert pairs(source) == [("10", "9", 4), ("1", "9", 2)]
    assert [record.time.seconds for record in source.records()] == [874731910] * 4


def test_the_newer_form_is_read(newer: Path) -> None:
    source = open_source(f"movielens:{newer}")
    assert pairs(source) == [("1", "9", 4.5), ("2", "10", 1.0), ("1", "77", 3.0)]
    assert [record.text for record in source.records() if isinstance(record, UserEvent)] == [
        "Toy Story, The (1995). Adventure, Comedy",
        "Heat",
        "",
    ]
    assert [dict(item.attributes) for item in source.items()] == [{"year": "1995"}, {}]


@pytest.mark.parametrize(
    ("name", "content", "line", "field"),
    [
        ("u.data", "1\t2\t3\n", 1, "row"),
        ("u.data", "1\t9\t3\t1\n1\t9\t0\t1\n", 2, "rating"),
        ("u.data", "1\tnine\t3\t1\n", 1, "item"),
        ("u.data", "1\t9\t3\tsoon\n", 1, "timestamp"),
        ("u.data", "", None, "rows"),
        ("u.item", "1|Heat\n", 1, "row"),
        ("u.user", "1|old|M|other|1\n", 1, "age"),
    ],
)
def test_a_wrong_classic_is_told(classic: Path, name: str, content: str, line: int | None, field: str) -> None:
    (classic / name).write_text(content)
    with pytest.raises(DataError) as caught:
        open_source(f"movielens-100k:{classic}")
    assert (caught.value.path, caught.value.line, caught.value.field) == (str(classic / name), line, field)


@pytest.mark.parametrize("name", ["u.data", "u.item", "u.user"])
def test_a_missing_file_is_told(classic: Path, name: str) -> None:
    (classic / name).unlink()
    with pytest.raises(DataError) as caught:
        open_source(f"movielens-100k:{classic}")
    assert (caught.value.path, caught.value.field) == (str(classic / name), "file")


def test_a_wrong_column_of_the_newer_form_is_told(newer: Path) -> None:
    (newer / "ratings.csv").write_text("user,movieId,rating,timestamp\n2,10,0.5,200\n")
    with pytest.raises(DataError, match="field userId: expected a column of this name"):
        open_source(f"movielens:{newer}")
