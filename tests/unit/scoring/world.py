"""A small world round the pipeline: a model of arithmetic, a Kafka in memory, and crashes on demand."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import xxhash

from contento.contracts.messages import UserEvent
from contento.contracts.record import InputRecord, OutputRecord
from contento.contracts.topics import TopicName
from contento.inference.base import LiveBundle
from contento.model.interface import (
    Arm,
    EncoderOutputs,
    ScorerInputs,
    ScorerOutputs,
)
from contento.scoring.embeddings import Embeddings
from contento.scoring.pipeline import Pipeline, PipelineOptions
from contento.scoring.ports import EmbeddingSource, Outcome, Stage
from contento.state.memory import MemoryStore

DIMENSION = 4
NOW_MS = 1_700_000_100_000


class Crash(BaseException):
    """The process is gone, at once."""


class ArithmeticModel:
    """Scores that depend on the row alone: on its text, its history's length and its last item."""

    kind: Literal["triton", "in-process"] = "in-process"

    def __init__(self) -> None:
        self.encoder = "encoder-1"
        self.encoded: list[str] = []
        self.poison: str | None = None

    async def live(self) -> dict[Arm, LiveBundle]:
        return {
            "serving": LiveBundle(
                bundle="bundle-1",
                encoder=self.encoder,
                text_dimension=DIMENSION,
                image_dimension=2,
                image_encoder="eyes",
            )
        }

    async def encode(self, texts: Sequence[str], arm: Arm) -> EncoderOutputs:
        self.encoded += texts
        seeds = [xxhash.xxh32_intdigest(text.encode()) for text in texts]
        vectors = np.array([[(seed >> 8 * i) % 256 / 255 for i in range(DIMENSION)] for seed in seeds], np.float32)
        return EncoderOutputs(
            embedding=vectors.reshape(len(texts), DIMENSION), encoder=np.array([self.encoder] * len(texts), object)
        )

    async def score(self, inputs: ScorerInputs) -> ScorerOutputs:
        rows = len(inputs.text)
        seen = inputs.history_mask.sum(1)
        if self.poison is not None:
            poisoned = xxhash.xxh64_intdigest(self.poison.encode()) & ((1 << 63) - 1)
            if bool((inputs.history_ids[:, -1, 1] == poisoned).any()):
                raise ZeroDivisionError("the model cannot score this item")
        mood = (inputs.text.sum(1) + seen * 0.37 + (inputs.history_ids[:, -1, 1] % 97) * 0.01) % 1
        rating = np.stack([(1 - mood) / 4] * 4 + [mood], 1)
        events = inputs.history_mask / seen[:, None]
        present = inputs.present / inputs.present.sum(1, keepdims=True)
        return ScorerOutputs(
            rating=rating.astype(np.float32),
            interval=np.tile(np.array([1, 5], np.float32), (rows, 1)),
            coverage=np.full(rows, 0.9, np.float32),
            satisfaction=np.stack([(1 - mood) / 2, (1 - mood) / 2, mood], 1).astype(np.float32),
            outcomes=mood[:, None].astype(np.float32),
            outcome_names=("purchase",),
            towers=present.astype(np.float32),
            events=events.astype(np.float32),
            user=np.zeros((rows, 3), np.float32),
            bundle=np.array(["bundle-1"] * rows, object),
            encoder=np.array([self.encoder] * rows, object),
        )

    async def close(self) -> None:
        pass


class MemoryKafka:
    def __init__(self) -> None:
        self.topics: dict[TopicName, list[OutputRecord]] = {"scores": [], "dlq": []}

    async def publish(self, topic: TopicName, records: Sequence[OutputRecord]) -> None:
        self.topics[topic] += records


class CountingMetrics:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def events(self, outcome: Outcome, count: int) -> None:
        self.counts[outcome] += count

    def dead_letter(self, topic: str, code: str) -> None:
        self.counts[code] += 1

    def items(self, count: int) -> None:
        self.counts["items"] += count

    def latencies(self, seconds: Sequence[float]) -> None:
        self.counts["latencies"] += len(seconds)

    def stage(self, stage: Stage, seconds: float) -> None:
        self.counts[f"stage {stage}"] += 1

    def batch(self, events: int, at_s: float) -> None:
        self.counts["batches"] += 1

    def embeddings(self, source: EmbeddingSource, count: int) -> None:
        self.counts[f"embedding {source}"] += count

    def retry(self, part: str) -> None:
        self.counts[part] += 1


class World:
    """A pipeline with everything round it; `restart` makes a new process over the same Redis and Kafka."""

    def __init__(self) -> None:
        self.store = MemoryStore(half_life_ms=1000.0)
        self.kafka = MemoryKafka()
        self.model = ArithmeticModel()
        self.metrics = CountingMetrics()
        self.pipeline = self.restart()

    def restart(self, *, store: MemoryStore | None = None, kafka: MemoryKafka | None = None) -> Pipeline:
        """Return a new pipeline, over parts that may fail."""
        self.pipeline = Pipeline(
            store=store or self.store,
            inference=self.model,
            publisher=kafka or self.kafka,
            embeddings=Embeddings(store or self.store, self.model, self.metrics, kept=10),
            metrics=self.metrics,
            clock_ms=lambda: NOW_MS,
            stopwatch=lambda: 0.0,
            arm_of=lambda _: "serving",
            options=PipelineOptions(unprocessable_limit=3),
        )
        return self.pipeline


def an_event(number: int, *, user: str = "u", item: str = "i", text: str = "", event_id: str = "") -> UserEvent:
    made = UserEvent(event_id=event_id or f"e{number}", user_id=user, item_id=item, type="view", text=text)
    made.time.FromMilliseconds(1_700_000_000_000 + number * 1000)
    made.attributes["segment"] = f"segment of {user}"
    return made


def a_record(
    event: UserEvent | bytes | None,
    offset: int,
    *,
    partition: int = 0,
    topic: str = "contento.events",
    headers: Sequence[tuple[str, bytes]] = (),
    key: bytes = b"u",
) -> InputRecord:
    return InputRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp_ms=1_700_000_000_000 + offset,
        key=key,
        value=event.SerializeToString() if isinstance(event, UserEvent) else event,
        headers=headers,
        cluster="cluster",
    )
