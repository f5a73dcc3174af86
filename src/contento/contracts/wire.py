"""Finding the exact fault in protobuf bytes that do not say what they should.

The parser of the library says only that bytes cannot be parsed, and keeps a known field of the
wrong wire type as unknown. This walk is slow and runs for bad records alone.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from contento.contracts.rejection import RejectedRecord

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIRE_NAMES = {_VARINT: "a varint", _FIXED64: "8 fixed bytes", _BYTES: "a length-delimited value", _FIXED32: "4 bytes"}
_F = FieldDescriptor
_WIRE_TYPES = {
    **dict.fromkeys((_F.TYPE_DOUBLE, _F.TYPE_FIXED64, _F.TYPE_SFIXED64), _FIXED64),
    **dict.fromkeys((_F.TYPE_FLOAT, _F.TYPE_FIXED32, _F.TYPE_SFIXED32), _FIXED32),
    **dict.fromkeys((_F.TYPE_STRING, _F.TYPE_BYTES, _F.TYPE_MESSAGE), _BYTES),
}
TYPE_NAMES = {
    _F.TYPE_DOUBLE: "a number",
    _F.TYPE_FLOAT: "a number",
    _F.TYPE_STRING: "a string",
    _F.TYPE_BYTES: "bytes",
    _F.TYPE_BOOL: "true or false",
    _F.TYPE_MESSAGE: "a message",
}


def type_name(field: FieldDescriptor) -> str:
    """Return the type of a field for people, e.g. "a string"."""
    return TYPE_NAMES.get(field.type, "an integer")


def find_fault(data: bytes, descriptor: Descriptor, path: str = "") -> RejectedRecord | None:
    """Return the first fault in the bytes of a message, or `None` when they are well formed."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if tag < 0 or number == 0 or wire not in _WIRE_NAMES:
            return _fault("undecodable", path, f"protobuf {descriptor.full_name}", f"no valid tag at byte {start}")
        payload, at = _payload(data, at, wire)
        field = descriptor.fields_by_number.get(number)
        name = f"{path}.{field.name}" if path and field else field.name if field else path
        if payload is None:
            return _fault("undecodable", name, f"protobuf {descriptor.full_name}", f"bytes that end at {len(data)}")
        if field is None:
            continue
        fault = _field_fault(field, wire, payload, name)
        if fault:
            return fault
    return None


def _field_fault(field: FieldDescriptor, wire: int, payload: bytes, name: str) -> RejectedRecord | None:
    expected = _WIRE_TYPES.get(field.type, _VARINT)
    packed = field.is_repeated and wire == _BYTES
    if wire != expected and not packed:
        return _fault("wrong_type", name, type_name(field), _WIRE_NAMES[wire])
    if field.type == _F.TYPE_STRING:
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            return _fault("invalid_utf8", name, "UTF-8", f"byte 0x{payload[error.start]:02x} at {error.start}")
    if field.type == _F.TYPE_MESSAGE and field.message_type is not None:
        return find_fault(payload, field.message_type, name)
    return None


def _payload(data: bytes, at: int, wire: int) -> tuple[bytes | None, int]:
    """Return a field's payload (`None` when the bytes end before it does) and where it ends."""
    if wire == _VARINT:
        value, end = _varint(data, at)
        return (None if value < 0 else data[at:end]), end
    size, begin = (8, at) if wire == _FIXED64 else (4, at) if wire == _FIXED32 else _varint(data, at)
    end = begin + size
    return (None if size < 0 or end > len(data) else data[begin:end]), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a varint, -1 when there is none, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return -1, at
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return -1, at


def _fault(code: str, field: str, expected: str, found: str) -> RejectedRecord:
    return RejectedRecord(code, field=field, expected=expected, found=found)  # type: ignore[arg-type]
