import json
import struct

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from contento.contracts.codec import decode
from contento.contracts.messages import Embedding, Feedback, Item, Score, UserEvent
from contento.contracts.rejection import RejectedRecord

JSON = {"content-type": b"application/json; charset=utf-8"}


def event() -> UserEvent:
    made = UserEvent(event_id="e", user_id="u", type="view", text="fine", dwell_seconds=2.5, attributes={"plan": "pro"})
    made.time.FromSeconds(1_700_000_000)
    made.image_embedding.CopyFrom(Embedding(values=[1, 2], encoder="eyes"))
    return made


@pytest.mark.parametrize("message", [event(), Item(item_id="i", categories=["a", "b"], price=3)], ids=["event", "item"])
def test_round_trips_in_both_encodings(message: UserEvent | Item) -> None:
    assert decode(type(message), message.SerializeToString(), {}) == message
    assert decode(type(message), json_format.MessageToJson(message).encode(), JSON) == message


def test_confluent_framing_is_taken_off() -> None:
    schema_id = struct.pack(">bI", 0, 100_042)
    message = event()
    assert decode(UserEvent, schema_id + b"\x00" + message.SerializeToString(), {}) == message
    assert decode(UserEvent, schema_id + b"\x04\x02\x00" + message.SerializeToString(), {}) == message
    assert decode(UserEvent, schema_id + json_format.MessageToJson(message).encode(), JSON) == message


def test_framing_without_a_message_is_an_empty_one() -> None:
    assert decode(UserEvent, b"\x00", {}) == UserEvent()


def test_fields_of_newer_producers_are_kept() -> None:
    unknown = b"\xfa\x3f\x03new"  # field 1023, a string
    assert decode(UserEvent, event().SerializeToString() + unknown, {}).user_id == "u"


def rejection(value: bytes | None, headers: dict[str, bytes] | None = None) -> tuple[str, str]:
    with pytest.raises(RejectedRecord) as caught:
        decode(UserEvent, value, headers or {})
    assert caught.value.expected
    assert caught.value.found
    assert "expected" in str(caught.value)
    return caught.value.code, caught.value.field


def as_json(**changes: object) -> bytes:
    return json.dumps({**json_format.MessageToDict(event()), **changes}).encode()


@pytest.mark.parametrize(
    ("value", "headers", "expected"),
    [
        (None, {}, ("missing", "")),
        (b"", {}, ("missing", "")),
        (event().SerializeToString(), {"content-type": b"text/csv"}, ("undecodable", "")),
        (b"\xff\xff", {}, ("undecodable", "")),
        (b"\x07", {}, ("undecodable", "")),
        (b"\x0a\x05ab", {}, ("undecodable", "event_id")),
        (b"\x12\x02\xff\xfe", {}, ("invalid_utf8", "user_id")),
        (b"\x10\x01", {}, ("wrong_type", "user_id")),
        (b"\x4a\x01x", {}, ("wrong_type", "dwell_seconds")),
        (b"\x62\x04\x0a\x02\xff\xff", {}, ("invalid_utf8", "attributes.key")),
        (b"[1]", JSON, ("wrong_type", "")),
        (b"{", JSON, ("undecodable", "")),
        (b'{"text": "\xff"}', JSON, ("invalid_utf8", "")),
        (as_json(dwell_seconds="x"), JSON, ("wrong_type", "dwell_seconds")),
        (as_json(position=-1), JSON, ("wrong_type", "position")),
        (as_json(userId=7), JSON, ("wrong_type", "userId")),
        (as_json(time=12), JSON, ("wrong_type", "time")),
        (as_json(attributes=["a"]), JSON, ("wrong_type", "attributes")),
        (as_json(attributes={"a": 1}), JSON, ("wrong_type", "attributes")),
        (as_json(imageEmbedding={"values": 3}), JSON, ("wrong_type", "imageEmbedding.values")),
        (as_json(imageEmbedding={"values": [1, "x"]}), JSON, ("wrong_type", "imageEmbedding.values[1]")),
        (as_json(textKind="POEM"), JSON, ("unknown_enum", "textKind")),
        (as_json(colour=1), JSON, ("unknown_field", "colour")),
    ],
)
def test_every_fault_is_named(value: bytes | None, headers: dict[str, bytes], expected: tuple[str, str]) -> None:
    assert rejection(value, headers) == expected


@given(st.binary(max_size=200), st.sampled_from([{}, JSON]))
def test_any_bytes_are_decoded_or_rejected(value: bytes, headers: dict[str, bytes]) -> None:
    for message_type in (UserEvent, Feedback, Item, Score):
        try:
            decode(message_type, value, headers)
        except RejectedRecord as reason:
            assert reason.code  # noqa: PT017 - any other exception is the failure


@given(st.data())
def test_a_changed_byte_is_decoded_or_rejected(data: st.DataObject) -> None:
    value = bytearray(event().SerializeToString())
    value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(UserEvent, bytes(value), {})
    except RejectedRecord as reason:
        assert reason.code  # noqa: PT017 - any other exception is the failure
