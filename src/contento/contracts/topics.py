"""The topic registry: the one place that says which Kafka topics there are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from google.protobuf import json_format
from google.protobuf.message import Message

from contento.contracts.messages import DriftAlert, Feedback, Item, ModelEvent, Score, UserEvent

TopicName = Literal["events", "items", "feedback", "scores", "alerts", "models", "dlq"]
Service = Literal["clients", "gateway", "scorer", "learner", "operators"]

DAY_MS = 24 * 3600 * 1000
MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Largest record a topic takes: a 10 MB text must reach the dead-letter topic whole, so four times
the largest text that ever came (4 MB), which also leaves room for its headers."""
DEAD_LETTER_ROOM = 64 * 1024
"""Bytes by which the dead-letter topic takes more than the others: the reason's headers have at most 10 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of the registry.

    Attributes:
        name: Name without the prefix.
        message: Message of the values; `None` where values are another topic's bytes, unchanged.
        key: What the record key holds; equal keys share a partition and keep their order.
        partitions: Partitions that `contento topics create` makes.
        retention_ms: How long records stay, in milliseconds; -1 for ever.
        compacted: Whether only the last record of a key stays.
        producers: Who writes it.
        consumers: Who reads it.
        about: What it is for, in a line.
    """

    name: TopicName
    message: type[Message] | None
    key: str
    partitions: int
    retention_ms: int
    compacted: bool = False
    producers: tuple[Service, ...]
    consumers: tuple[Service, ...]
    about: str

    def full_name(self, prefix: str = "contento") -> str:
        """Return the name in Kafka, e.g. `contento.events`."""
        return f"{prefix}.{self.name}"

    @property
    def config(self) -> dict[str, str]:
        """The topic's Kafka configuration."""
        return {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(MAX_RECORD_BYTES - (0 if self.name == "dlq" else DEAD_LETTER_ROOM)),
        }

    @property
    def example_file(self) -> Path:
        """Where the golden example lies, as proto3 JSON; topics without a message have none."""
        return Path(__file__).parent / "examples" / f"{self.name}.json"

    def example(self) -> Message:
        """Return the golden example: a realistic message that every version of Contento must take.

        Raises:
            LookupError: The topic has no message of its own.
        """
        if self.message is None:
            raise LookupError(f"topic {self.name} holds other topics' bytes: take one of their examples")
        return json_format.Parse(self.example_file.read_text(), self.message())


TOPICS: dict[TopicName, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            name="events",
            message=UserEvent,
            key="user_id",
            partitions=4,
            retention_ms=7 * DAY_MS,
            producers=("clients", "gateway"),
            consumers=("scorer",),
            about="What users do.",
        ),
        Topic(
            name="items",
            message=Item,
            key="item_id",
            partitions=4,
            retention_ms=-1,
            compacted=True,
            producers=("clients", "gateway"),
            consumers=("scorer", "learner"),
            about="What is known of each item; the last state stays.",
        ),
        Topic(
            name="feedback",
            message=Feedback,
            key="user_id",
            partitions=4,
            retention_ms=30 * DAY_MS,
            producers=("clients", "gateway"),
            consumers=("learner",),
            about="What users say or do later, which judges scores.",
        ),
        Topic(
            name="scores",
            message=Score,
            key="user_id",
            partitions=4,
            retention_ms=30 * DAY_MS,
            producers=("scorer",),
            consumers=("learner", "operators"),
            about="One score per event, with the features as scored.",
        ),
        Topic(
            name="alerts",
            message=DriftAlert,
            key="monitor",
            partitions=1,
            retention_ms=90 * DAY_MS,
            producers=("learner",),
            consumers=("operators",),
            about="Drift that was found.",
        ),
        Topic(
            name="models",
            message=ModelEvent,
            key="bundle",
            partitions=1,
            retention_ms=-1,
            producers=("learner", "operators"),
            consumers=("scorer", "operators"),
            about="Steps in the life of bundles, with their evidence.",
        ),
        Topic(
            name="dlq",
            message=None,
            key="as in the source record",
            partitions=1,
            retention_ms=30 * DAY_MS,
            producers=("scorer", "learner"),
            consumers=("operators",),
            about="Records that could not be used: bytes unchanged, the reason in the headers.",
        ),
    )
}
