import gzip
import json
from pathlib import Path

import pytest
import zstandard

from contento.contracts.messages import Feedback, Satisfaction, TextKind, UserEvent
from contento.training.data_error import DataError
from contento.training.readers import open_source
from contento.training.records import Source

REVIEWS = (
    "who,what,when,title,words,stars,mood\n"
    "u1,i1,100,Good,Works well,5,positive\n"
    'u2,i2,300,"Bad, ""really""","It broke.\nTwice.",1,\n'
    "u1,i2,200,,Fine,3.5,NEU\n"
)
ALL = "user=who&item=what&time=when&text=title,words&rating=stars&label=mood"


def read(source: Source) -> tuple[list[UserEvent], list[Feedback]]:
    records = list(source.records())
    assert records == list(source.records())
    events = [record for record in records if isinstance(record, UserEvent)]
    return events, [record for record in records if isinstance(record, Feedback)]


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "shop.2015.csv"
    path.write_text(REVIEWS)
    return path


def test_rows_become_events_with_their_feedback_in_time_order(reviews: Path) -> None:
    source = open_source(f"csv:{reviews}?{ALL}")
    assert source.size == 3
    assert not list(source.items())
    records = list(source.records())
    assert [
        (record.event_id, record.time.seconds, record.WhichOneof("kind") if isinstance(record, Feedback) else "event")
        for record in records
    ] == [
        ("shop-2", 100, "event"),
        ("shop-2", 100, "rating"),
        ("shop-2", 100, "satisfaction"),
        ("shop-5", 200, "event"),
        ("shop-5", 200, "rating"),
        ("shop-5", 200, "satisfaction"),
        ("shop-3", 300, "event"),
        ("shop-3", 300, "rating"),
    ]
    events, feedback = read(source)
    assert [(event.user_id, event.item_id, event.type, event.text) for event in events] == [
        ("u1", "i1", "review", "Good. Works well"),
        ("u1", "i2", "review", "Fine"),
        ("u2", "i2", "review", 'Bad, "really". It broke.\nTwice.'),
    ]
    assert {event.text_kind for event in events} == {TextKind.TEXT_KIND_REVIEW}
    assert [answer.rating for answer in feedback if answer.WhichOneof("kind") == "rating"] == [5, 3.5, 1]
    assert [answer.satisfaction for answer in feedback if answer.WhichOneof("kind") == "satisfaction"] == [
        Satisfaction.SATISFACTION_POSITIVE,
        Satisfaction.SATISFACTION_NEUTRAL,
    ]
    assert [(answer.feedback_id, answer.user_id, answer.item_id) for answer in feedback][:2] == [
        ("shop-2-rating", "u1", "i1"),
        ("shop-2-label", "u1", "i1"),
    ]


def test_an_event_does_not_hold_its_own_rating(reviews: Path) -> None:
    events, _ = read(open_source(f"csv:{reviews}?{ALL}"))
    assert not any(event.HasField("value") or event.attributes for event in events)


@pytest.mark.parametrize("form", ["gzip", "zstd", "jsonl"])
def test_every_form_gives_the_same_records(reviews: Path, form: str) -> None:
    (reviews.parent / "other").mkdir()
    path = reviews.parent / "other" / reviews.name
    if form == "jsonl":
        rows = [
            {"who": "u1", "what": "i1", "when": 100, "title": "Good", "words": "Works well", "stars": 5, "mood": "pos"},
            {
                "who": "u2",
                "what": "i2",
                "when": 300,
                "title": 'Bad, "really"',
                "words": "It broke.\nTwice.",
                "stars": 1,
            },
            {"who": "u1", "what": "i2", "when": 200, "title": None, "words": "Fine", "stars": 3.5, "mood": 1},
        ]
        path.write_text("\n" + "\n".join(map(json.dumps, rows)))
    else:
        data = REVIEWS.encode()
        path.write_bytes(gzip.compress(data) if form == "gzip" else zstandard.compress(data))
    kind = "jsonl" if form == "jsonl" else "csv"
    expected = [str(record) for record in open_source(f"csv:{reviews}?{ALL}").records()]
    if form == "jsonl":  # the row that spans two lines in CSV takes one here
        expected = [text.replace("shop-5", "shop-4") for text in expected]
    assert [str(record) for record in open_source(f"{kind}:{path}?{ALL}").records()] == expected


@pytest.mark.parametrize(
    ("options", "type_", "text_kind"),
    [
        ("rating=stars", "rating", TextKind.TEXT_KIND_UNSPECIFIED),
        ("rating=stars&text=words", "review", TextKind.TEXT_KIND_REVIEW),
        ("label=mood&text=words", "comment", TextKind.TEXT_KIND_COMMENT),
        ("label=mood", "event", TextKind.TEXT_KIND_UNSPECIFIED),
        ("text=words&item=what", "event", TextKind.TEXT_KIND_ITEM),
        ("text=words", "event", TextKind.TEXT_KIND_COMMENT),
        ("user=who", "event", TextKind.TEXT_KIND_UNSPECIFIED),
    ],
)
def test_what_columns_there_are_says_what_events_are(
    reviews: Path, options: str, type_: str, text_kind: TextKind
) -> None:
    events, _ = read(open_source(f"csv:{reviews}?{options}"))
    assert {event.type for event in events} == {type_}
    assert {event.text_kind for event in events} == {text_kind}


def test_without_a_time_rows_are_a_second_apart_in_file_order(reviews: Path) -> None:
    events, _ = read(open_source(f"csv:{reviews}?user=who"))
    assert [(event.event_id, event.time.seconds - 1_577_836_800) for event in events] == [
        ("shop-2", 0),
        ("shop-3", 1),
        ("shop-5", 2),
    ]


def test_without_a_user_each_session_or_each_row_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("s,x\ns1,1\ns1,2\n,3\n")
    events, _ = read(open_source(f"csv:{path}?session=s&value=x"))
    assert [(event.user_id, event.session_id, event.value) for event in events] == [
        ("s1", "s1", 1),
        ("s1", "s1", 2),
        ("a-4", "", 3),
    ]
    events, _ = read(open_source(f"csv:{path}?value=x"))
    assert [event.user_id for event in events] == ["a-2", "a-3", "a-4"]


def test_any_type_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("u,t\n1,view\n1,Flurb-42 ü\n1,\n")
    events, _ = read(open_source(f"csv:{path}?user=u&type=t"))
    assert [event.type for event in events] == ["view", "Flurb-42 ü", "event"]


def test_rows_of_equal_time_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,n\n" + "".join(f"{2 - number % 2},{number}\n" for number in range(100)))
    events, _ = read(open_source(f"csv:{path}?time=t&value=n"))
    assert [event.value for event in events] == [*range(1, 100, 2), *range(0, 100, 2)]


def test_a_large_text_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t\n" + "word " * 2_000_000 + "\n")
    events, _ = read(open_source(f"csv:{path}?text=t"))
    assert len(events[0].text) == 9_999_999


@pytest.mark.parametrize(
    ("content", "options", "line", "field", "expected", "found"),
    [
        (b"", "user=u", None, "header", "a line of column names", "nothing"),
        (b"u,t\n", "user=u", None, "rows", "at least one", "none"),
        (b"a,b\n1,2\n", "user=u", 1, "u", "a column of this name in a header separated by ','", "columns 'a, b'"),
        (b"u;t\n1;2\n", "user=u", 1, "u", "a column of this name", "columns 'u;t'; separated by ';'?"),
        (b"u\tt\n1\t2\n", "user=u", 1, "u", "a column of this name", "separated by '\\t'?"),
        (b"u,t\n1,2\n1\n", "user=u", 3, "row", "2 cells separated by ',', as in the header", "1"),
        (b"u,t\n1,2,3\n", "user=u", 2, "row", "2 cells", "3"),
        (b'u,t\n1,"2\n3,4\n', "user=u", 2, "row", "CSV with quotes doubled and closed", "unexpected end of data"),
        (b'u,t\n1,"2"x\n', "user=u", 2, "row", "CSV with quotes", "expected"),
        (b"u,t\n1,soon\n", "user=u&time=t", 2, "t", "a time: unix s", "'soon'"),
        (b"u,t\n1,5\n1,\n", "user=u&time=t", 3, "t", "a time: unix s", "nothing"),
        (b"u,t\n1,many\n", "user=u&value=t", 2, "t", "a number", "'many'"),
        (b"u,t\n1,6\n", "user=u&rating=t", 2, "t", "a rating from 1 to 5", "'6'"),
        (b"u,t\n1,meh\n", "user=u&label=t", 2, "t", "negative, neutral or positive", "'meh'"),
        (b"u,t\n1,\xff\n", "user=u", 2, "line", "UTF-8 text", "byte 0xff at column 3"),
    ],
)
def test_a_wrong_file_is_told_exactly(  # noqa: PLR0917
    tmp_path: Path, content: bytes, options: str, line: int | None, field: str, expected: str, found: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(open_source(f"csv:{path}?{options}").records())
    error = caught.value
    assert (error.path, error.line, error.field) == (str(path), line, field)
    assert expected in error.expected
    assert found in error.found
    assert str(error).endswith("mend the file or the --data specification")


@pytest.mark.parametrize(
    ("content", "line", "field", "expected"),
    [
        ("", None, "file", "a JSON object a line"),
        ('{"u": 1}\n{"u": \n', 2, "line", "a JSON object"),
        ('{"u": 1}\n[1]\n', 2, "line", "a JSON object"),
        ('{"u": {"id": 1}}\n', 1, "u", "a text or a number"),
        ('{"v": 1}\n', None, "u", "this key in some line"),
    ],
)
def test_wrong_json_is_told_exactly(tmp_path: Path, content: str, line: int | None, field: str, expected: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        list(open_source(f"jsonl:{path}?user=u").records())
    assert (caught.value.line, caught.value.field) == (line, field)
    assert expected in caught.value.expected


def test_a_cut_off_gzip_is_told(reviews: Path) -> None:
    data = gzip.compress(REVIEWS.encode())
    reviews.write_bytes(data[:-9])
    with pytest.raises(DataError, match="a whole gzip stream"):
        open_source(f"csv:{reviews}?{ALL}")


def test_a_large_file_is_checked_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contento.training.readers.order.SCAN_AT_ONCE_BYTES", 10)
    path = tmp_path / "a.csv"
    path.write_text("u,t\n1,2\n1,soon\n")
    with pytest.raises(DataError, match="a column of this name"):
        open_source(f"csv:{path}?user=who&time=t")
    source = open_source(f"csv:{path}?user=u&time=t")
    before = source.size
    with pytest.raises(DataError, match="'soon'"):
        list(source.records())
    path.write_text("u,t\n1,2\n1,1\n")
    events, _ = read(source)
    assert [event.time.seconds for event in events] == [1, 2]
    assert (before, source.size) == (None, 2)
