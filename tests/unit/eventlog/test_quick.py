from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from contento.contracts.messages import Embedding, Feedback, Item, Outcome, Satisfaction, Score, TextKind, UserEvent
from contento.eventlog.quick import parse_quickly

WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
FLOATS = st.floats(-(2.0**126), 2.0**126, width=32) | st.sampled_from((float("inf"), -float("inf")))
"""JSON's printer rounds the largest finite ones out of range."""
TIMES = st.builds(
    Timestamp,
    seconds=st.integers(-62_135_596_800, 253_402_300_799),
    nanos=st.one_of(st.integers(0, 999).map(lambda ms: ms * 1_000_000), st.integers(0, 999_999_999)),
)
EMBEDDINGS = st.builds(Embedding, values=st.lists(FLOATS, max_size=4), encoder=WORDS)
MESSAGES = st.one_of(
    st.builds(
        UserEvent,
        event_id=WORDS,
        type=WORDS,
        time=TIMES,
        text_kind=st.sampled_from(TextKind.values()),
        dwell_seconds=st.none() | st.floats(allow_nan=False),
        position=st.none() | st.integers(0, 2**32 - 1),
        attributes=st.dictionaries(WORDS, WORDS, max_size=3),
        image_embedding=st.none() | EMBEDDINGS,
    ),
    st.builds(Feedback, user_id=WORDS, time=TIMES, rating=st.floats(allow_nan=False)),
    st.builds(Feedback, satisfaction=st.sampled_from(Satisfaction.values())),
    st.builds(Feedback, outcome=st.builds(Outcome, name=WORDS, happened=st.booleans())),
    st.builds(Item, title=WORDS, categories=st.lists(WORDS, max_size=3), image_embedding=EMBEDDINGS),
    st.builds(Score, event_id=WORDS),
)


@given(message=MESSAGES)
def test_what_is_read_quickly_is_what_was_written(message: Message) -> None:
    value = orjson.loads(orjson.dumps(json_format.MessageToDict(message)))
    quick = parse_quickly(value, type(message))
    assert quick is None or quick == message
    assert json_format.ParseDict(value, type(message)()) == message


@pytest.mark.parametrize(
    "message",
    [
        UserEvent(
            event_id="e", text_kind=TextKind.TEXT_KIND_QUERY, time=Timestamp(seconds=7, nanos=5_000_000), position=3,
            value=2.5, attributes={"a": "b"}, image_embedding=Embedding(values=[0.5], encoder="x"),
        ),
        Feedback(feedback_id="f", rating=4, time=Timestamp(seconds=7)),
        Item(item_id="i", categories=["a"], price=3),
    ],
)  # fmt: skip
def test_usual_records_are_read_quickly(message: Message) -> None:
    assert parse_quickly(json_format.MessageToDict(message), type(message)) == message


@pytest.mark.parametrize(
    "value",
    [
        {"eventID": "e"},
        {"eventId": 1},
        {"eventId": None},
        {"value": True},
        {"value": "3"},
        {"position": 3.0},
        {"position": -1},
        {"textKind": "TEXT_KIND_POEM"},
        {"attributes": {"a": 1}},
        {"attributes": [["a", "b"]]},
        {"time": "2026-01-05"},
        {"time": "2026-01-05T00:00:00+02:00"},
        {"time": "2026-01-05T00:00:00.123456789Z"},
        {"time": "2026-13-05T00:00:00Z"},
        {"time": 5},
        {"imageEmbedding": {"values": ["x"]}},
        {"imageEmbedding": {"values": [1e99]}},
        {"imageEmbedding": {"numbers": []}},
        {"imageEmbedding": []},
        {"imageEmbedding": {"values": [1.0]}, "imageUri": "x"},
    ],
)
def test_anything_else_is_left_to_protobuf(value: dict[str, Any]) -> None:
    assert parse_quickly(value, UserEvent) is None


def test_one_feedback_says_one_thing() -> None:
    assert parse_quickly({"rating": 4, "satisfaction": "SATISFACTION_NEUTRAL"}, Feedback) is None
