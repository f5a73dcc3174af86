from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

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
    __slots__ = ("n", "mean", "precision", "updated_ms", "members", "traces", "bias_variance", "first_ms")
    N_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    UPDATED_MS_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    TRACES_FIELD_NUMBER: _ClassVar[int]
    BIAS_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_MS_FIELD_NUMBER: _ClassVar[int]
    n: int
    mean: _containers.RepeatedScalarFieldContainer[float]
    precision: _containers.RepeatedScalarFieldContainer[float]
    updated_ms: int
    members: bytes
    traces: bytes
    bias_variance: float
    first_ms: int
    def __init__(self, n: _Optional[int] = ..., mean: _Optional[_Iterable[float]] = ..., precision: _Optional[_Iterable[float]] = ..., updated_ms: _Optional[int] = ..., members: _Optional[bytes] = ..., traces: _Optional[bytes] = ..., bias_variance: _Optional[float] = ..., first_ms: _Optional[int] = ...) -> None: ...

class BundleCorrection(_message.Message):
    __slots__ = ("bundle", "ratings", "weights", "half_width", "edges", "log_scale", "ahead")
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    RATINGS_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    HALF_WIDTH_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    LOG_SCALE_FIELD_NUMBER: _ClassVar[int]
    AHEAD_FIELD_NUMBER: _ClassVar[int]
    bundle: str
    ratings: int
    weights: _containers.RepeatedScalarFieldContainer[float]
    half_width: float
    edges: _containers.RepeatedScalarFieldContainer[float]
    log_scale: float
    ahead: float
    def __init__(self, bundle: _Optional[str] = ..., ratings: _Optional[int] = ..., weights: _Optional[_Iterable[float]] = ..., half_width: _Optional[float] = ..., edges: _Optional[_Iterable[float]] = ..., log_scale: _Optional[float] = ..., ahead: _Optional[float] = ...) -> None: ...

class RatingCorrection(_message.Message):
    __slots__ = ("bundles", "tag_residuals")
    BUNDLES_FIELD_NUMBER: _ClassVar[int]
    TAG_RESIDUALS_FIELD_NUMBER: _ClassVar[int]
    bundles: _containers.RepeatedCompositeFieldContainer[BundleCorrection]
    tag_residuals: bytes
    def __init__(self, bundles: _Optional[_Iterable[_Union[BundleCorrection, _Mapping]]] = ..., tag_residuals: _Optional[bytes] = ...) -> None: ...
