from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class History(_message.Message):
    __slots__ = ("event_id", "item_id", "type", "time_ms", "dwell_seconds", "value", "satisfaction")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DWELL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    event_id: _containers.RepeatedScalarFieldContainer[str]
    item_id: _containers.RepeatedScalarFieldContainer[str]
    type: _containers.RepeatedScalarFieldContainer[str]
    time_ms: _containers.RepeatedScalarFieldContainer[int]
    dwell_seconds: _containers.RepeatedScalarFieldContainer[float]
    value: _containers.RepeatedScalarFieldContainer[float]
    satisfaction: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, event_id: _Optional[_Iterable[str]] = ..., item_id: _Optional[_Iterable[str]] = ..., type: _Optional[_Iterable[str]] = ..., time_ms: _Optional[_Iterable[int]] = ..., dwell_seconds: _Optional[_Iterable[float]] = ..., value: _Optional[_Iterable[float]] = ..., satisfaction: _Optional[_Iterable[float]] = ...) -> None: ...

class Factors(_message.Message):
    __slots__ = ("n", "mean", "precision", "updated_ms")
    N_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    UPDATED_MS_FIELD_NUMBER: _ClassVar[int]
    n: int
    mean: _containers.RepeatedScalarFieldContainer[float]
    precision: _containers.RepeatedScalarFieldContainer[float]
    updated_ms: int
    def __init__(self, n: _Optional[int] = ..., mean: _Optional[_Iterable[float]] = ..., precision: _Optional[_Iterable[float]] = ..., updated_ms: _Optional[int] = ...) -> None: ...
