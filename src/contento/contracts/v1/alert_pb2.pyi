import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_NOTICE: _ClassVar[Severity]
    SEVERITY_TICKET: _ClassVar[Severity]
    SEVERITY_PAGE: _ClassVar[Severity]

class DriftKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DRIFT_KIND_UNSPECIFIED: _ClassVar[DriftKind]
    DRIFT_KIND_ERROR: _ClassVar[DriftKind]
    DRIFT_KIND_CALIBRATION: _ClassVar[DriftKind]
    DRIFT_KIND_SCORES: _ClassVar[DriftKind]
    DRIFT_KIND_INPUT: _ClassVar[DriftKind]
    DRIFT_KIND_SATISFACTION: _ClassVar[DriftKind]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_NOTICE: Severity
SEVERITY_TICKET: Severity
SEVERITY_PAGE: Severity
DRIFT_KIND_UNSPECIFIED: DriftKind
DRIFT_KIND_ERROR: DriftKind
DRIFT_KIND_CALIBRATION: DriftKind
DRIFT_KIND_SCORES: DriftKind
DRIFT_KIND_INPUT: DriftKind
DRIFT_KIND_SATISFACTION: DriftKind

class Estimate(_message.Message):
    __slots__ = ("value", "lower", "upper", "samples")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    value: float
    lower: float
    upper: float
    samples: int
    def __init__(self, value: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., samples: _Optional[int] = ...) -> None: ...

class DriftAlert(_message.Message):
    __slots__ = ("alert_id", "monitor", "kind", "severity", "segment", "item_group", "tower", "detected_time", "change_time", "before", "after", "confidence", "summary", "action", "bundle", "evidence")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    ITEM_GROUP_FIELD_NUMBER: _ClassVar[int]
    TOWER_FIELD_NUMBER: _ClassVar[int]
    DETECTED_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    monitor: str
    kind: DriftKind
    severity: Severity
    segment: str
    item_group: str
    tower: str
    detected_time: _timestamp_pb2.Timestamp
    change_time: _timestamp_pb2.Timestamp
    before: Estimate
    after: Estimate
    confidence: float
    summary: str
    action: str
    bundle: str
    evidence: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, alert_id: _Optional[str] = ..., monitor: _Optional[str] = ..., kind: _Optional[_Union[DriftKind, str]] = ..., severity: _Optional[_Union[Severity, str]] = ..., segment: _Optional[str] = ..., item_group: _Optional[str] = ..., tower: _Optional[str] = ..., detected_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., before: _Optional[_Union[Estimate, _Mapping]] = ..., after: _Optional[_Union[Estimate, _Mapping]] = ..., confidence: _Optional[float] = ..., summary: _Optional[str] = ..., action: _Optional[str] = ..., bundle: _Optional[str] = ..., evidence: _Optional[_Iterable[str]] = ...) -> None: ...
