import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Satisfaction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SATISFACTION_UNSPECIFIED: _ClassVar[Satisfaction]
    SATISFACTION_NEGATIVE: _ClassVar[Satisfaction]
    SATISFACTION_NEUTRAL: _ClassVar[Satisfaction]
    SATISFACTION_POSITIVE: _ClassVar[Satisfaction]
SATISFACTION_UNSPECIFIED: Satisfaction
SATISFACTION_NEGATIVE: Satisfaction
SATISFACTION_NEUTRAL: Satisfaction
SATISFACTION_POSITIVE: Satisfaction

class Outcome(_message.Message):
    __slots__ = ("name", "happened")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HAPPENED_FIELD_NUMBER: _ClassVar[int]
    name: str
    happened: bool
    def __init__(self, name: _Optional[str] = ..., happened: bool = ...) -> None: ...

class Survey(_message.Message):
    __slots__ = ("question", "answer", "scale_min", "scale_max")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    SCALE_MIN_FIELD_NUMBER: _ClassVar[int]
    SCALE_MAX_FIELD_NUMBER: _ClassVar[int]
    question: str
    answer: float
    scale_min: float
    scale_max: float
    def __init__(self, question: _Optional[str] = ..., answer: _Optional[float] = ..., scale_min: _Optional[float] = ..., scale_max: _Optional[float] = ...) -> None: ...

class Feedback(_message.Message):
    __slots__ = ("feedback_id", "user_id", "event_id", "item_id", "time", "rating", "satisfaction", "outcome", "survey", "comment", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FEEDBACK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    SURVEY_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    feedback_id: str
    user_id: str
    event_id: str
    item_id: str
    time: _timestamp_pb2.Timestamp
    rating: float
    satisfaction: Satisfaction
    outcome: Outcome
    survey: Survey
    comment: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, feedback_id: _Optional[str] = ..., user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., item_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rating: _Optional[float] = ..., satisfaction: _Optional[_Union[Satisfaction, str]] = ..., outcome: _Optional[_Union[Outcome, _Mapping]] = ..., survey: _Optional[_Union[Survey, _Mapping]] = ..., comment: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...
