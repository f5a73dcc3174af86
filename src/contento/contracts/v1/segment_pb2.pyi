import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SegmentChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEGMENT_CHANGE_KIND_UNSPECIFIED: _ClassVar[SegmentChangeKind]
    SEGMENT_CHANGE_KIND_BORN: _ClassVar[SegmentChangeKind]
    SEGMENT_CHANGE_KIND_SPLIT: _ClassVar[SegmentChangeKind]
    SEGMENT_CHANGE_KIND_MERGED: _ClassVar[SegmentChangeKind]
    SEGMENT_CHANGE_KIND_GONE: _ClassVar[SegmentChangeKind]
SEGMENT_CHANGE_KIND_UNSPECIFIED: SegmentChangeKind
SEGMENT_CHANGE_KIND_BORN: SegmentChangeKind
SEGMENT_CHANGE_KIND_SPLIT: SegmentChangeKind
SEGMENT_CHANGE_KIND_MERGED: SegmentChangeKind
SEGMENT_CHANGE_KIND_GONE: SegmentChangeKind

class SegmentChange(_message.Message):
    __slots__ = ("kind", "before", "after", "time", "share")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    kind: SegmentChangeKind
    before: _containers.RepeatedScalarFieldContainer[str]
    after: _containers.RepeatedScalarFieldContainer[str]
    time: _timestamp_pb2.Timestamp
    share: float
    def __init__(self, kind: _Optional[_Union[SegmentChangeKind, str]] = ..., before: _Optional[_Iterable[str]] = ..., after: _Optional[_Iterable[str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., share: _Optional[float] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("segment_id", "name", "description", "users", "share", "satisfaction", "since", "updated", "representative_item_ids", "changes", "bundle")
    SEGMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATIVE_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    segment_id: str
    name: str
    description: str
    users: int
    share: float
    satisfaction: float
    since: _timestamp_pb2.Timestamp
    updated: _timestamp_pb2.Timestamp
    representative_item_ids: _containers.RepeatedScalarFieldContainer[str]
    changes: _containers.RepeatedCompositeFieldContainer[SegmentChange]
    bundle: str
    def __init__(self, segment_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., users: _Optional[int] = ..., share: _Optional[float] = ..., satisfaction: _Optional[float] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., representative_item_ids: _Optional[_Iterable[str]] = ..., changes: _Optional[_Iterable[_Union[SegmentChange, _Mapping]]] = ..., bundle: _Optional[str] = ...) -> None: ...
