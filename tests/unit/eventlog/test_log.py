import os
from pathlib import Path

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import (
    Embedding,
    Feedback,
    History,
    Item,
    Outcome,
    Satisfaction,
    Score,
    TextKind,
    UserEvent,
)
from contento.eventlog.reading import LogEntry, read_log
from contento.eventlog.writing import LogError, LogWriter, write_log
from contento.training.data_error import DataError

TIME = Timestamp(seconds=1_767_571_200, nanos=123_000_000)
RECORDS: list[Message] = [
    Item(item_id="i1", title="Tent", price=85.5, image_embedding=Embedding(values=[0.1, -2.5], encoder="e")),
    UserEvent(
        event_id="e1",
        user_id="u1",
        item_id="i1",
        type="view",
        time=TIME,
        text="naïve 😡\nsecond line",
        text_kind=TextKind.TEXT_KIND_ITEM,
        dwell_seconds=0.0,
        position=3,
        attributes={"z": "1", "a": "2", "m": "3"},
        image_embedding=Embedding(values=[0.25] * 64, encoder="e"),
    ),
    UserEvent(event_id="e3", image_embedding=Embedding(values=[float("inf"), 1.0, 0.0])),
    UserEvent(event_id="e2", user_id="u1", type="view", time=TIME, image_uri="file:x"),
    Feedback(feedback_id="f1", user_id="u1", event_id="e1", time=TIME, rating=4),
    Feedback(feedback_id="f2", user_id="u1", time=TIME, satisfaction=Satisfaction.SATISFACTION_NEGATIVE),
    Feedback(feedback_id="f3", user_id="u1", time=TIME, outcome=Outcome(name="churn", happened=False)),
    Score(event_id="e1", user_id="u1", outcomes={"click": 0.5}),
]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.jsonl.zst"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert write_log(path, RECORDS) == len(RECORDS)
    topics = ["items", "events", "events", "events", "feedback", "feedback", "feedback", "scores"]
    assert [(entry.topic, entry.line) for entry in read_log(path)] == list(zip(topics, range(1, 9), strict=True))
    assert [entry.message for entry in read_log(path)] == RECORDS
    assert [entry.message for entry in read_log(path, "feedback")] == RECORDS[4:7]
    assert path.read_bytes()[:2] == {"l": b'{"', "z": b"\x1f\x8b", "t": b"\x28\xb5"}[name[-1]]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.jsonl.zst"])
def test_the_same_records_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    write_log(tmp_path / "a" / name, RECORDS)
    write_log(tmp_path / name, RECORDS)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_log_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.zst"
    write_log(path, RECORDS[:1])
    with pytest.raises(LogError, match="no topic holds"):
        write_log(path, [RECORDS[1], History()])
    assert [entry.message for entry in read_log(path)] == RECORDS[:1]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.jsonl.zst"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / f".{name}.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(LogError, match=r"cannot be written \(No space left on device\): free space"):
        write_log(tmp_path / name, RECORDS * 1000)
    assert not list(tmp_path.iterdir())


def test_a_log_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.append(RECORDS[0])
        assert not path.exists()
    assert path.exists()


def test_only_messages_with_a_topic_are_logged(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"contento\.v1\.History: no topic holds this message: log one of"):
        write_log(tmp_path / "log.jsonl", [History()])
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"cannot be written \(No such file or directory\): give a file in a folder"):
        LogWriter(tmp_path / "absent" / "log.jsonl")


def test_any_spelling_of_a_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('\n{ "value": {"event_id": "e1", "userId": "u1"}, "topic": "events" }\n')
    assert list(read_log(path)) == [LogEntry(line=2, topic="events", message=UserEvent(event_id="e1", user_id="u1"))]


@pytest.mark.parametrize(
    ("line", "field", "expected", "found"),
    [
        ("{", "line", "a JSON object", "unexpected end"),
        ("[1]", "line", "a JSON object", "a JSON list"),
        ('{"topic": "dlq", "value": {}}', "topic", "one of events, items", "'dlq'"),
        ('{"value": {}}', "topic", "one of events, items", "None"),
        ('{"topic":"events","value":[]}', "value", "a JSON object", "list"),
        ('{"topic":"events"}', "value", "a JSON object", "NoneType"),
        ('{"topic":"events","value":{"eventID":1}}', "value", "a contento.v1.UserEvent in proto3 JSON", "eventID"),
        ('{"topic":"events","value":{"time":"today"}}', "value", "a contento.v1.UserEvent", "at UserEvent.time"),
        ('{"topic":"items","value":{"imageEmbedding":{"values":["x"]}}}', "value", "a contento.v1.Item", "Couldn't"),
        ('{"topic":"items","value":{"imageEmbedding":{"values":[1e99]}}}', "value", "a contento.v1.Item", "too large"),
    ],
)
def test_a_wrong_line_is_told_exactly(tmp_path: Path, line: str, field: str, expected: str, found: str) -> None:
    path = tmp_path / "log"
    path.write_text('{"topic":"events","value":{"eventId":"e1"}}\n' + line + "\n")
    with pytest.raises(DataError) as caught:
        list(read_log(path))
    assert (caught.value.line, caught.value.field) == (2, field)
    assert expected in caught.value.expected
    assert found in caught.value.found
