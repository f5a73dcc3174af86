"""What comes out of the scorer, as any consumer of its topics sees it."""

import asyncio
import time
from collections import Counter
from typing import Any, Final

import aiokafka

from contento.contracts import headers
from contento.contracts.messages import Score
from contento.contracts.topics import TOPICS, TopicName

FETCH_MAX_WAIT_MS: Final = 100
"""The embedded broker looks at a waiting fetch again after half of this."""


class Observer:
    """Consumes scores and dead letters and counts them.

    Attributes:
        scored: Ids of the events that have a score.
        repeated: Scores whose event had one before.
        dead_letters: Dead letters by error code.
        bundles: Scores by bundle.
        last: The last score.
        first_score_at: When the first score came, by `time.monotonic`.
        last_score_at: When the last one came.
    """

    def __init__(self, kafka: str, prefix: str, *, from_beginning: bool) -> None:
        """Take the bootstrap servers, the topic prefix, and whether to count what is there already."""
        self.scored: set[str] = set()
        self.repeated = 0
        self.dead_letters: Counter[str] = Counter()
        self.bundles: Counter[str] = Counter()
        self.last: Score | None = None
        self.first_score_at: float | None = None
        self.last_score_at: float | None = None
        self._kafka, self._from_beginning = kafka, from_beginning
        names: tuple[TopicName, ...] = ("scores", "dlq")
        self._topics = {TOPICS[name].full_name(prefix): name for name in names}
        self._consumer: Any = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    @property
    def finished(self) -> int:
        """Records that have an outcome: a score or a dead letter."""
        return len(self.scored) + self.dead_letters.total()

    async def start(self) -> None:
        """Connect and begin to count."""
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self._kafka.split(","),
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        self._consumer = consumer
        partitions = [
            aiokafka.TopicPartition(full_name, number)
            for full_name, name in self._topics.items()
            for number in range(TOPICS[name].partitions)
        ]
        consumer.assign(partitions)
        if self._from_beginning:
            await consumer.seek_to_beginning(*partitions)
        else:
            await consumer.seek_to_end(*partitions)
            for partition in partitions:
                await consumer.position(partition)
        self._task = asyncio.create_task(self._count())

    async def wait(self, reached: Any, timeout_s: float) -> bool:
        """Wait until `reached()` holds and return whether it does in time; raises what ended the counting."""
        if self._task is not None and self._task.done():
            self._task.result()
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(reached)
        except TimeoutError:
            return bool(reached())
        return True

    async def close(self) -> None:
        """Stop counting and disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def _count(self) -> None:
        while True:
            records = await self._consumer.getmany(timeout_ms=FETCH_MAX_WAIT_MS)
            for partition, batch in records.items():
                if self._topics[partition.topic] == "scores":
                    self._count_scores([record.value for record in batch])
                else:
                    self.dead_letters.update(dict(r.headers).get(headers.ERROR_CODE, b"?").decode() for r in batch)
            async with self._changed:
                self._changed.notify_all()

    def _count_scores(self, values: list[bytes]) -> None:
        self.last_score_at = time.monotonic()
        self.first_score_at = self.first_score_at or self.last_score_at
        for value in values:
            score = Score.FromString(value)
            if score.event_id in self.scored:
                self.repeated += 1
            else:
                self.scored.add(score.event_id)
                self.bundles[score.bundle] += 1
            self.last = score
