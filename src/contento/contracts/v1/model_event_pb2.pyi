import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_EVENT_KIND_UNSPECIFIED: _ClassVar[ModelEventKind]
    MODEL_EVENT_KIND_CANDIDATE: _ClassVar[ModelEventKind]
    MODEL_EVENT_KIND_REJECTED: _ClassVar[ModelEventKind]
    MODEL_EVENT_KIND_CANARY: _ClassVar[ModelEventKind]
    MODEL_EVENT_KIND_PROMOTED: _ClassVar[ModelEventKind]
    MODEL_EVENT_KIND_ROLLED_BACK: _ClassVar[ModelEventKind]
MODEL_EVENT_KIND_UNSPECIFIED: ModelEventKind
MODEL_EVENT_KIND_CANDIDATE: ModelEventKind
MODEL_EVENT_KIND_REJECTED: ModelEventKind
MODEL_EVENT_KIND_CANARY: ModelEventKind
MODEL_EVENT_KIND_PROMOTED: ModelEventKind
MODEL_EVENT_KIND_ROLLED_BACK: ModelEventKind

class ModelEvent(_message.Message):
    __slots__ = ("model_event_id", "kind", "bundle", "parent", "arm", "share", "time", "actor", "reason", "evidence")
    class EvidenceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    model_event_id: str
    kind: ModelEventKind
    bundle: str
    parent: str
    arm: str
    share: float
    time: _timestamp_pb2.Timestamp
    actor: str
    reason: str
    evidence: _containers.ScalarMap[str, float]
    def __init__(self, model_event_id: _Optional[str] = ..., kind: _Optional[_Union[ModelEventKind, str]] = ..., bundle: _Optional[str] = ..., parent: _Optional[str] = ..., arm: _Optional[str] = ..., share: _Optional[float] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., evidence: _Optional[_Mapping[str, float]] = ...) -> None: ...
