"""A stream with 5 % bad records of every kind: the good are scored, the bad are kept with their reason."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from integration.scoring.conftest import RunScorer
from topic_reading import read_topic

from contento.contracts import headers
from contento.contracts.messages import Score, UserEvent
from contento.eventlog.feed import Feeder
from contento.local.stack import Stack

GOOD = 760
ROUNDS = 4
JSON = (headers.CONTENT_TYPE, b"application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    value: bytes | None
    code: str
    field: str
    headers: Sequence[tuple[str, bytes]] = ()


def event(number: int) -> UserEvent:
    made = UserEvent(event_id=f"e{number}", user_id=f"u{number % 30}", item_id=f"i{number % 7}", type="view")
    made.time.FromSeconds(1_700_000_000 + number)
    made.text = f"review number {number % 10}"
    return made


def as_json(**changes: object) -> bytes:
    base = {"eventId": "x", "userId": "u1", "type": "view", "time": "2023-11-14T22:13:20Z"}
    return json.dumps({**base, **changes}).encode()


def with_field(**changes: object) -> bytes:
    made = event(1)
    for name, value in changes.items():
        setattr(made, name, value)
    return made.SerializeToString()


def bad_records() -> list[Bad]:
    absurd = event(1)
    absurd.time.FromSeconds(253_000_000_000)
    ancient = event(1)
    ancient.time.FromSeconds(0)
    return [
        Bad(value=b"\xff\xfe not protobuf", code="undecodable", field=""),
        Bad(value=event(1).SerializeToString()[:-3], code="undecodable", field="text"),
        Bad(value=b"{not json", code="undecodable", field="", headers=[JSON]),
        Bad(value=None, code="missing", field=""),
        Bad(value=with_field(user_id=""), code="missing", field="user_id"),
        Bad(value=with_field(event_id=""), code="missing", field="event_id"),
        Bad(value=as_json(userId=""), code="missing", field="user_id", headers=[JSON]),
        Bad(value=b"\x10\x05" + event(1).SerializeToString(), code="wrong_type", field="user_id"),
        Bad(value=as_json(dwellSeconds="long"), code="wrong_type", field="dwellSeconds", headers=[JSON]),
        Bad(value=absurd.SerializeToString(), code="out_of_range", field="time"),
        Bad(value=ancient.SerializeToString(), code="out_of_range", field="time"),
        Bad(value=as_json(time="yesterday"), code="wrong_type", field="time", headers=[JSON]),
        Bad(value=with_field(text="x" * 10_000_000), code="too_large", field="text"),
        Bad(value=with_field(text="abc").replace(b"abc", b"a\xff\xfe"), code="invalid_utf8", field="text"),
        Bad(value=as_json(text="abc").replace(b"abc", b"a\xff\xfe"), code="invalid_utf8", field="", headers=[JSON]),
        Bad(value=with_field(text_kind=99), code="unknown_enum", field="text_kind"),
        Bad(value=as_json(textKind="POEM"), code="unknown_enum", field="textKind", headers=[JSON]),
        Bad(value=as_json(colour="red"), code="unknown_field", field="colour", headers=[JSON]),
    ]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_bad_records_are_kept_with_their_reason_and_good_ones_scored(
    stack: Stack, prefix: str, run_scorer: RunScorer
) -> None:
    small = [bad for bad in bad_records() if len(bad.value or b"") < 1_000_000]
    large = [bad for bad in bad_records() if len(bad.value or b"") >= 1_000_000]
    bad = [each for _ in range(ROUNDS) for each in small][: GOOD // 19 - len(large)] + large
    assert len(bad) == pytest.approx(0.05 * (len(bad) + GOOD), abs=1)
    assert {each.code for each in bad} == {each.code for each in bad_records()}

    with run_scorer(stack, prefix):
        async with Feeder(stack.kafka, prefix) as feeder:
            for number in range(GOOD):
                await feeder.send("events", event(number).user_id, event(number))
                if number % 19 == 0 and number // 19 < len(bad):
                    each = bad[number // 19]
                    trace = (headers.TRACEPARENT, f"00-{number:032x}-{number + 1:016x}-01".encode())
                    key = f"key-{number // 19}".encode()
                    await feeder.send_raw("events", key, each.value, [*each.headers, trace])
        scores = await read_topic(stack.kafka, prefix, "scores", lambda records: len(records) >= GOOD)
        letters = await read_topic(stack.kafka, prefix, "dlq", lambda records: len(records) >= len(bad))

    assert sorted(Score.FromString(r.value).event_id for r in scores) == sorted(f"e{n}" for n in range(GOOD))
    by_key = {letter.key: letter for letter in letters}
    assert len(letters) == len(by_key) == len(bad)
    for number, each in enumerate(bad):
        letter = by_key[f"key-{number}".encode()]
        found = dict(letter.headers)
        assert letter.value == each.value
        assert found[headers.ERROR_CODE].decode() == each.code, found
        assert found[headers.ERROR_FIELD].decode() == each.field, found
        assert b"expected" in found[headers.ERROR]
        assert found[headers.SOURCE_TOPIC].decode() == f"{prefix}.events"
        assert headers.TRACEPARENT in found
        assert all(found[name] == value for name, value in each.headers)
