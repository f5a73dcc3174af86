import datetime

from contento.contracts.v1 import event_pb2 as _event_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RatingScore(_message.Message):
    __slots__ = ("mean", "lower", "upper", "coverage", "distribution", "bundle_distribution")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    mean: float
    lower: float
    upper: float
    coverage: float
    distribution: _containers.RepeatedScalarFieldContainer[float]
    bundle_distribution: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, mean: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., coverage: _Optional[float] = ..., distribution: _Optional[_Iterable[float]] = ..., bundle_distribution: _Optional[_Iterable[float]] = ...) -> None: ...

class SatisfactionScore(_message.Message):
    __slots__ = ("p_negative", "p_neutral", "p_positive", "value")
    P_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    P_NEUTRAL_FIELD_NUMBER: _ClassVar[int]
    P_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    p_negative: float
    p_neutral: float
    p_positive: float
    value: float
    def __init__(self, p_negative: _Optional[float] = ..., p_neutral: _Optional[float] = ..., p_positive: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class SourceOffset(_message.Message):
    __slots__ = ("topic", "partition", "offset")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("tower", "event_id", "item_id", "type", "weight")
    TOWER_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    tower: str
    event_id: str
    item_id: str
    type: str
    weight: float
    def __init__(self, tower: _Optional[str] = ..., event_id: _Optional[str] = ..., item_id: _Optional[str] = ..., type: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class Tensor(_message.Message):
    __slots__ = ("name", "dtype", "shape", "data")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    dtype: str
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, name: _Optional[str] = ..., dtype: _Optional[str] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...

class Features(_message.Message):
    __slots__ = ("text", "text_key", "tensors", "text_kind")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_KEY_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    TEXT_KIND_FIELD_NUMBER: _ClassVar[int]
    text: str
    text_key: str
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    text_kind: _event_pb2.TextKind
    def __init__(self, text: _Optional[str] = ..., text_key: _Optional[str] = ..., tensors: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ..., text_kind: _Optional[_Union[_event_pb2.TextKind, str]] = ...) -> None: ...

class Score(_message.Message):
    __slots__ = ("event_id", "user_id", "session_id", "item_id", "event_type", "event_time", "scored_time", "rating", "satisfaction", "outcomes", "segment", "bundle", "encoder", "arm", "anomaly", "reasons", "missing_towers", "features", "source", "user_representation")
    class OutcomesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    SCORED_TIME_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    ENCODER_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    ANOMALY_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    MISSING_TOWERS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    USER_REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    session_id: str
    item_id: str
    event_type: str
    event_time: _timestamp_pb2.Timestamp
    scored_time: _timestamp_pb2.Timestamp
    rating: RatingScore
    satisfaction: SatisfactionScore
    outcomes: _containers.ScalarMap[str, float]
    segment: str
    bundle: str
    encoder: str
    arm: str
    anomaly: bool
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    missing_towers: _containers.RepeatedScalarFieldContainer[str]
    features: Features
    source: SourceOffset
    user_representation: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., item_id: _Optional[str] = ..., event_type: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., scored_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rating: _Optional[_Union[RatingScore, _Mapping]] = ..., satisfaction: _Optional[_Union[SatisfactionScore, _Mapping]] = ..., outcomes: _Optional[_Mapping[str, float]] = ..., segment: _Optional[str] = ..., bundle: _Optional[str] = ..., encoder: _Optional[str] = ..., arm: _Optional[str] = ..., anomaly: bool = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., missing_towers: _Optional[_Iterable[str]] = ..., features: _Optional[_Union[Features, _Mapping]] = ..., source: _Optional[_Union[SourceOffset, _Mapping]] = ..., user_representation: _Optional[_Iterable[float]] = ...) -> None: ...
