import json

import pytest

from contento.contracts import headers
from contento.contracts.messages import UserEvent
from contento.contracts.record import LONGEST_REASON, InputRecord, dead_letter, read_message
from contento.contracts.rejection import RejectedRecord

NOW_MS = 1_700_000_100_000


def a_record(value: bytes | None, *given: tuple[str, bytes]) -> InputRecord:
    return InputRecord(
        topic="shop.events",
        partition=3,
        offset=41,
        timestamp_ms=1_700_000_000_123,
        key=b"u",
        value=value,
        headers=given,
        cluster="abc",
    )


def an_event() -> UserEvent:
    event = UserEvent(event_id="e", user_id="u", type="view")
    event.time.FromMilliseconds(NOW_MS)
    return event


def test_a_source_tells_clusters_topics_and_partitions_apart() -> None:
    assert a_record(None).source == "abc/shop.events/3"


def test_the_last_header_of_a_name_counts_in_any_case() -> None:
    record = a_record(None, ("TraceParent", b"old"), ("other", b"x"), ("traceparent", b"new"))
    assert record.header("traceparent") == b"new"
    assert record.header("absent") is None


def test_a_header_says_how_the_value_is_encoded() -> None:
    event = an_event()
    as_json = json.dumps({"event_id": "e", "userId": "u", "type": "view", "time": event.time.ToJsonString()}).encode()
    assert read_message(a_record(event.SerializeToString()), UserEvent, now_ms=NOW_MS) == event
    assert read_message(a_record(as_json, ("Content-Type", b"application/json")), UserEvent, now_ms=NOW_MS) == event
    with pytest.raises(RejectedRecord) as caught:
        read_message(a_record(as_json), UserEvent, now_ms=NOW_MS)
    assert caught.value.code == "undecodable"


def test_a_message_that_decodes_is_validated() -> None:
    event = an_event()
    event.ClearField("user_id")
    with pytest.raises(RejectedRecord) as caught:
        read_message(a_record(event.SerializeToString()), UserEvent, now_ms=NOW_MS)
    assert (caught.value.code, caught.value.field) == ("missing", "user_id")


def test_a_dead_letter_keeps_the_record_and_adds_the_reason() -> None:
    record = a_record(b"\x00\xff junk", ("content-type", b"x"), ("traceparent", b"00-1"))
    reason = RejectedRecord("wrong_type", field="dwell_seconds", expected="a number", found="'é'")
    letter = dead_letter(record, reason)
    assert (letter.key, letter.value) == (record.key, record.value)
    assert list(letter.headers[:2]) == list(record.headers)
    assert dict(letter.headers[2:]) == {
        headers.ERROR_CODE: b"wrong_type",
        headers.ERROR: str(reason).encode(),
        headers.ERROR_FIELD: b"dwell_seconds",
        headers.SOURCE_TOPIC: b"shop.events",
        headers.SOURCE_PARTITION: b"3",
        headers.SOURCE_OFFSET: b"41",
        headers.SOURCE_TIMESTAMP: b"1700000000123",
    }


def test_a_huge_field_name_makes_no_huge_dead_letter() -> None:
    record = a_record(b'{"%s": 1}' % (b"a" * 1_000_000), ("content-type", b"application/json"))
    with pytest.raises(RejectedRecord) as caught:
        read_message(record, UserEvent, now_ms=NOW_MS)
    assert caught.value.code == "unknown_field"
    added = dead_letter(record, caught.value).headers[1:]
    assert all(len(value) <= LONGEST_REASON for _, value in added)
    assert dict(added)[headers.ERROR_FIELD] == b"a" * LONGEST_REASON


@pytest.mark.parametrize(
    "value", [rb'{"\ud800": 1}', rb'{"event_id": "\uDC00"}', rb'{"attributes": {"k": "x\ud800y"}}', rb'["\ud8FF"]']
)
def test_half_a_character_is_a_dead_letter_too(value: bytes) -> None:
    record = a_record(value, ("content-type", b"application/json"))
    with pytest.raises(RejectedRecord, match=r"lone surrogate \\ud") as caught:
        read_message(record, UserEvent, now_ms=NOW_MS)
    assert caught.value.code == "invalid_utf8"
    assert dead_letter(record, caught.value).value == value


def test_a_whole_character_in_two_halves_is_text() -> None:
    time = an_event().time.ToJsonString()
    value = rb'{"event_id": "\ud83d\ude00", "user_id": "u", "type": "view", "time": "%s"}' % time.encode()
    event = read_message(a_record(value, ("content-type", b"application/json")), UserEvent, now_ms=NOW_MS)
    assert event.event_id == "\U0001f600"
