"""Every message survives every encoding, and no bytes at all get past the codec but as a message or a reason."""

import json
from typing import Any, cast

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from contento.contracts import headers, messages
from contento.contracts.codec import decode
from contento.contracts.messages import Item, UserEvent
from contento.contracts.record import InputRecord, dead_letter, read_message
from contento.contracts.rejection import REJECTION_CODES, RejectedRecord
from contento.contracts.topics import TOPICS

JSON = {headers.CONTENT_TYPE: b"application/json"}
MESSAGES: list[type[Message]] = [
    found for name in messages.__all__ if isinstance(found := getattr(messages, name), type)
]
each_message = pytest.mark.parametrize("message_type", MESSAGES, ids=lambda made: made.__name__)
_F = FieldDescriptor
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    _F.TYPE_DOUBLE: st.floats(allow_nan=False),
    _F.TYPE_FLOAT: st.floats(-(2.0**126), 2.0**126, width=32),  # JSON's printer rounds the largest out of range
    _F.TYPE_UINT32: st.integers(0, 2**32 - 1),
    _F.TYPE_UINT64: st.integers(0, 2**64 - 1),
    _F.TYPE_SFIXED64: st.integers(-(2**63), 2**63 - 1),
    _F.TYPE_BOOL: st.booleans(),
    _F.TYPE_STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    _F.TYPE_BYTES: st.binary(max_size=20),
}
# RFC 3339 has the years 1 to 9999.
TIMES = st.tuples(st.integers(-62_135_596_800, 253_402_300_799), st.integers(0, 999_999_999))


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.message_type is not None:
        return made(field.message_type)
    return _SCALARS[field.type]


@st.composite
def made(draw: st.DrawFn, descriptor: Descriptor) -> Message:
    """Draw a message with any subset of its fields, any member of its oneofs, and any values."""
    message: Any = GetMessageClass(descriptor)()
    if descriptor.full_name == "google.protobuf.Timestamp":
        message.seconds, message.nanos = draw(TIMES)
        return cast("Message", message)
    for field in descriptor.fields:
        if not draw(st.booleans()):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = (values(each) for each in field.message_type.fields)
            getattr(message, field.name).update(draw(st.dictionaries(key, value, max_size=3)))
        elif field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(values(field), max_size=4)))
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(draw(values(field)))
        else:
            setattr(message, field.name, draw(values(field)))
    return cast("Message", message)


def test_every_message_is_here() -> None:
    names = {message_type.__name__ for message_type in MESSAGES}
    assert {topic.message.__name__ for topic in TOPICS.values() if topic.message} <= names
    assert {"History", "Factors"} <= names


@each_message
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_message_survives_every_encoding(message_type: type[Message], data: st.DataObject) -> None:
    message = data.draw(made(cast("Descriptor", message_type.DESCRIPTOR)))
    value = message.SerializeToString()
    written = json_format.MessageToDict(message, preserving_proto_field_name=data.draw(st.booleans()))
    as_json = json.dumps(written, ensure_ascii=data.draw(st.booleans())).encode()
    schema = data.draw(st.binary(min_size=4, max_size=4))
    if value:  # a message of defaults alone has no bytes, and no bytes are no message
        assert decode(message_type, value, {}) == message
    assert decode(message_type, as_json, JSON) == message
    assert decode(message_type, b"\x00" + schema + b"\x00" + value, {}) == message
    assert decode(message_type, b"\x00" + schema + b"\x02\x00" + value, {}) == message
    assert decode(message_type, b"\x00" + schema + as_json, JSON) == message


WORDS = st.sampled_from([field.name for kind in (UserEvent, Item) for field in kind.DESCRIPTOR.fields])
# With halves of characters, of which `text` gives next to none.
TEXT = st.lists(st.characters() | st.sampled_from(["\ud800", "\udfff"]), max_size=8).map("".join)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | TEXT, inner, max_size=4),
    max_leaves=8,
)
AS_JSON = st.builds(
    lambda value: json.dumps(value).encode(), st.dictionaries(WORDS | TEXT, ANY_JSON, min_size=1, max_size=4) | ANY_JSON
)
DAMAGED = st.builds(
    lambda message, at, byte: message[: at % (len(message) + 1)] + byte + message[at % (len(message) + 1) + 1 :],
    made(cast("Descriptor", UserEvent.DESCRIPTOR)).map(lambda message: message.SerializeToString()),
    st.integers(0, 10_000),
    st.binary(min_size=1, max_size=2),
)


def is_a_message_or_a_dead_letter(value: bytes | None, content_type: bytes, message_type: type[Message]) -> None:
    record = InputRecord(
        topic="t", partition=0, offset=0, timestamp_ms=0, key=b"k", value=value,
        headers=[("content-type", content_type)],
    )  # fmt: skip
    try:
        read_message(record, message_type, now_ms=1_700_000_000_000)
    except RejectedRecord as reason:
        code, letter = reason.code, dead_letter(record, reason)
    else:
        return
    assert code in REJECTION_CODES
    assert letter.value == value
    assert all(isinstance(text, bytes) for _, text in letter.headers)


@settings(max_examples=800, deadline=None)
@given(value=AS_JSON, message_type=st.sampled_from([UserEvent, Item]))
def test_any_json_is_a_message_or_a_dead_letter(value: bytes, message_type: type[Message]) -> None:
    is_a_message_or_a_dead_letter(value, b"Application/JSON; charset=utf-8", message_type)


@settings(max_examples=800, deadline=None)
@given(
    value=st.none() | st.binary(max_size=60) | DAMAGED,
    content_type=st.sampled_from([b"", b"application/x-protobuf", b"application/json", b"text/plain", b"\xff"]),
    message_type=st.sampled_from([UserEvent, Item]),
)
def test_any_bytes_are_a_message_or_a_dead_letter(
    value: bytes | None, content_type: bytes, message_type: type[Message]
) -> None:
    is_a_message_or_a_dead_letter(value, content_type, message_type)
