"""The messages of package `contento.v1`, under one name each."""

from contento.contracts.v1.alert_pb2 import DriftAlert, DriftKind, Estimate, Severity
from contento.contracts.v1.event_pb2 import Embedding, TextKind, UserEvent
from contento.contracts.v1.feedback_pb2 import Feedback, Outcome, Satisfaction, Survey
from contento.contracts.v1.item_pb2 import Item
from contento.contracts.v1.model_event_pb2 import ModelEvent, ModelEventKind
from contento.contracts.v1.score_pb2 import (
    Features,
    RatingScore,
    Reason,
    SatisfactionScore,
    Score,
    SourceOffset,
    Tensor,
)
from contento.contracts.v1.segment_pb2 import Segment, SegmentChange, SegmentChangeKind
from contento.contracts.v1.state_pb2 import BundleCorrection, Factors, History, RatingCorrection

__all__ = [
    "BundleCorrection",
    "DriftAlert",
    "DriftKind",
    "Embedding",
    "Estimate",
    "Factors",
    "Features",
    "Feedback",
    "History",
    "Item",
    "ModelEvent",
    "ModelEventKind",
    "Outcome",
    "RatingCorrection",
    "RatingScore",
    "Reason",
    "Satisfaction",
    "SatisfactionScore",
    "Score",
    "Segment",
    "SegmentChange",
    "SegmentChangeKind",
    "Severity",
    "SourceOffset",
    "Survey",
    "Tensor",
    "TextKind",
    "UserEvent",
]
