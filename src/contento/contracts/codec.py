"""From the bytes of a Kafka record to a message, or to the exact reason why not."""

import json
from collections.abc import Mapping
from typing import TypeVar, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

from contento.contracts.headers import CONTENT_TYPE
from contento.contracts.rejection import RejectedRecord, shown
from contento.contracts.wire import find_fault, type_name

M = TypeVar("M", bound=Message)

PROTOBUF_TYPES = frozenset({b"", b"application/protobuf", b"application/x-protobuf", b"application/octet-stream"})
# ParseError is what the library documents; the others come from JSON of shapes that it does not foresee.
_JSON_ERRORS = (json_format.ParseError, TypeError, ValueError, AttributeError, RecursionError)
JSON_TYPES = frozenset({b"application/json"})


def decode(message_type: type[M], value: bytes | None, headers: Mapping[str, bytes]) -> M:
    """Decode a record's value.

    Args:
        message_type: The message it should hold.
        value: Its bytes: protobuf, or proto3 JSON when the `content-type` header says so, either of
            them bare or in Confluent's wire framing.
        headers: Its headers, names in lower case.

    Raises:
        RejectedRecord: The bytes do not hold such a message.
    """
    if not value:
        raise RejectedRecord("missing", field="", expected=message_type.DESCRIPTOR.full_name, found="no bytes")
    content_type = headers.get(CONTENT_TYPE, b"").split(b";")[0].strip().lower()
    if content_type in JSON_TYPES:
        return _decode_json(message_type, _without_framing(value, indexes=False))
    if content_type in PROTOBUF_TYPES:
        return _decode_protobuf(message_type, _without_framing(value, indexes=True))
    raise RejectedRecord(
        "undecodable",
        field="",
        expected="content-type application/protobuf or application/json",
        found=shown(content_type.decode("latin-1")),
    )


def _without_framing(value: bytes, *, indexes: bool) -> bytes:
    """Strip Confluent's framing: a zero byte, a 4-byte schema id and, for protobuf, message indexes.

    Neither protobuf (field 0 does not exist) nor JSON can begin with a zero byte.
    Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/
    """
    if value[0] != 0:
        return value
    at = 5
    if indexes:
        # Zigzag varints: a count, then as many indexes; a lone zero stands for [0], the first message.
        count = value[at] >> 1 if at < len(value) else 0
        at += 1 + count
    return value[at:]


def _decode_protobuf(message_type: type[M], data: bytes) -> M:
    try:
        message = message_type.FromString(data)
    except DecodeError as error:
        fault = find_fault(data, cast("Descriptor", message_type.DESCRIPTOR))
        raise fault or RejectedRecord(
            "undecodable",
            field="",
            expected=f"protobuf {message_type.DESCRIPTOR.full_name}",
            found=f"{len(data)} bytes that are not",
        ) from error
    if len(UnknownFieldSet(message)):  # newer producers may send more; a known field of a wrong type hides here too
        fault = find_fault(data, cast("Descriptor", message_type.DESCRIPTOR))
        if fault:
            raise fault
    return message


def _decode_json(message_type: type[M], data: bytes) -> M:
    descriptor = cast("Descriptor", message_type.DESCRIPTOR)
    try:
        value = json.loads(data)
    except UnicodeDecodeError as error:
        raise RejectedRecord(
            "invalid_utf8", field="", expected="UTF-8", found=f"byte 0x{data[error.start]:02x} at {error.start}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise RejectedRecord(
            "undecodable", field="", expected=f"JSON of {descriptor.full_name}", found=str(error)
        ) from error
    _refuse_lone_surrogates(value, data)
    message = message_type()
    try:
        json_format.ParseDict(value, message)
    except _JSON_ERRORS as error:
        raise _json_fault(value, descriptor, "") or RejectedRecord(
            "undecodable", field="", expected=f"JSON of {descriptor.full_name}", found=shown(str(error), 200)
        ) from error
    return message


def _refuse_lone_surrogates(value: object, data: bytes) -> None:
    r"""Refuse JSON like `"\ud800"`: half a character, which no UTF-8 can hold and protobuf cannot take."""
    if b"\\ud" not in data.lower():
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):x}"
        raise RejectedRecord(
            "invalid_utf8", field="", expected="whole characters", found=f"the lone surrogate {half}"
        ) from error


def _json_fault(value: object, descriptor: Descriptor, path: str) -> RejectedRecord | None:
    """Return the first fault in the JSON of a message, or `None` when it lies deeper than this looks."""
    if not isinstance(value, dict):
        return RejectedRecord("wrong_type", field=path, expected="an object", found=shown(value))
    for key, given in value.items():
        name = f"{path}.{key}" if path else key
        field = descriptor.fields_by_name.get(key) or descriptor.fields_by_camelcase_name.get(key)
        if field is None:
            known = ", ".join(f.name for f in descriptor.fields)
            return RejectedRecord("unknown_field", field=name, expected=f"one of {known}", found=shown(key))
        if given is None:
            continue
        fault = _json_field_fault(given, field, name)
        if fault:
            return fault
    return None


def _json_field_fault(given: object, field: FieldDescriptor, name: str) -> RejectedRecord | None:
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    if is_map:
        if isinstance(given, dict) and all(isinstance(v, str) for v in given.values()):
            return None
        return RejectedRecord("wrong_type", field=name, expected="an object of strings", found=shown(given))
    if field.is_repeated:
        if not isinstance(given, list):
            return RejectedRecord("wrong_type", field=name, expected="a list", found=shown(given))
        faults = (_json_value_fault(v, field, f"{name}[{i}]") for i, v in enumerate(given))
        return next((f for f in faults if f), None)
    return _json_value_fault(given, field, name)


def _json_value_fault(given: object, field: FieldDescriptor, name: str) -> RejectedRecord | None:
    if field.enum_type is not None:
        names = [v.name for v in field.enum_type.values]
        if given in names or (isinstance(given, int) and given in field.enum_type.values_by_number):
            return None
        return RejectedRecord("unknown_enum", field=name, expected=f"one of {', '.join(names)}", found=shown(given))
    if field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf."):
        return _json_fault(given, field.message_type, name)
    sample = GetMessageClass(cast("Descriptor", field.containing_type))()
    try:
        json_format.ParseDict({field.name: [given] if field.is_repeated else given}, sample)
    except _JSON_ERRORS:
        expected = "an RFC 3339 time" if field.message_type is not None else type_name(field)
        return RejectedRecord("wrong_type", field=name, expected=expected, found=shown(given))
    return None
