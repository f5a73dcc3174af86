"""What the pipeline needs from the outside besides state and a model."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from contento.contracts.errors import ContentoError
from contento.contracts.record import OutputRecord
from contento.contracts.topics import TopicName

ClockMs = Callable[[], int]
"""Returns the present in unix milliseconds."""
Stage = Literal["decode", "state", "embed", "score", "publish", "apply"]
Outcome = Literal["scored", "duplicate", "redelivered"]
EmbeddingSource = Literal["memory", "redis", "encoder"]


class PublishFailed(ContentoError):
    """Records were not acknowledged; publishing them again may repeat some."""


class Publisher(Protocol):
    """Writes to Kafka."""

    async def publish(self, topic: TopicName, records: Sequence[OutputRecord]) -> None:
        """Write records in order and return once all are acknowledged.

        Raises:
            PublishFailed: Some were not.
        """
        ...


class ScorerMetrics(Protocol):
    """What the pipeline reports; `contento.contracts.metrics` says what each becomes."""

    def events(self, outcome: Outcome, count: int) -> None:
        """Count events."""
        ...

    def dead_letter(self, topic: str, code: str) -> None:
        """Count a dead letter."""
        ...

    def items(self, count: int) -> None:
        """Count stored items."""
        ...

    def latencies(self, seconds: Sequence[float]) -> None:
        """Observe, per event, the time from Kafka to Redis."""
        ...

    def stage(self, stage: Stage, seconds: float) -> None:
        """Observe the time a batch spent in a stage."""
        ...

    def batch(self, events: int, at_s: float) -> None:
        """Observe a finished batch and when it was, unix seconds."""
        ...

    def embeddings(self, source: EmbeddingSource, count: int) -> None:
        """Count embeddings by where they came from."""
        ...

    def retry(self, part: str) -> None:
        """Count an attempt that failed."""
        ...
