"""Feeding a data set or a recorded log into Kafka, in its order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

import aiokafka
from aiokafka.errors import KafkaError
from google.protobuf.message import Message

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Feedback, Item, UserEvent
from contento.contracts.topics import MAX_RECORD_BYTES, TOPICS, TopicName

LINGER_MS: Final = 5
"""The embedded broker's fetches cost time in proportion to the batches in a partition: few, full ones."""
UNACKNOWLEDGED: Final = 5000
"""Records in flight before acknowledgements are awaited, about 1 MB."""


class FeedFailed(ContentoError):
    """Kafka did not take a record of the feed."""


@dataclass(slots=True)
class Fed:
    """What was fed so far."""

    items: int = 0
    events: int = 0
    feedback: int = 0
    item_ids: list[str] = field(default_factory=list)


class Feeder:
    """Writes items, events and feedback to their topics, keyed so that each user's keep their order."""

    def __init__(self, kafka: str, prefix: str) -> None:
        """Take the bootstrap servers and the topic prefix."""
        self._names = {name: topic.full_name(prefix) for name, topic in TOPICS.items()}
        self._kafka = kafka
        self._producer: Any = None
        self._pending: list[asyncio.Future[Any]] = []
        self.fed = Fed()

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            FeedFailed: No broker answers.
        """
        self._producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=self._kafka.split(","),
            linger_ms=LINGER_MS,
            acks="all",
            max_batch_size=256 * 1024,
            max_request_size=MAX_RECORD_BYTES,
        )
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise FeedFailed(f"no Kafka broker answers at {self._kafka}: {error!r}: start it (contento up)") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for what is in flight and disconnect."""
        try:
            await self.flush()
        finally:
            await self._producer.stop()

    async def items(self, items: Iterable[Item]) -> None:
        """Write items."""
        for item in items:
            await self.send("items", item.item_id, item)
            self.fed.items += 1
            self.fed.item_ids.append(item.item_id)
        await self.flush()

    async def records(
        self,
        records: Iterable[UserEvent | Feedback],
        *,
        per_second: float | None = None,
        before_event: Callable[[UserEvent], Awaitable[None]] | None = None,
    ) -> None:
        """Write events and feedback in the order given.

        Args:
            records: The records.
            per_second: Events a second; `None`: as fast as they are taken.
            before_event: Awaited before each event: may hold the feed back.
        """
        began = time.monotonic()
        for record in records:
            if isinstance(record, Feedback):
                await self.send("feedback", record.user_id, record)
                self.fed.feedback += 1
                continue
            if per_second is not None:
                due = began + self.fed.events / per_second
                if due > time.monotonic() + 0.001:
                    await asyncio.sleep(due - time.monotonic())
            if before_event is not None:
                await before_event(record)
            await self.send("events", record.user_id, record)
            self.fed.events += 1
        await self.flush()

    async def send(self, topic: TopicName, key: str, message: Message) -> None:
        """Write one record; returns before it is acknowledged."""
        await self.send_raw(topic, key.encode(), message.SerializeToString())

    async def send_raw(
        self, topic: TopicName, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()
    ) -> None:
        """Write one record of any bytes; returns before it is acknowledged."""
        try:
            sent = await self._producer.send(self._names[topic], value, key=key, headers=list(headers))
        except KafkaError as error:
            raise _failed(error) from error
        self._pending.append(sent)
        if len(self._pending) >= UNACKNOWLEDGED:
            await self.flush()

    async def flush(self) -> None:
        """Wait until everything written is acknowledged.

        Raises:
            FeedFailed: Kafka refused a record.
        """
        pending, self._pending = self._pending, []
        try:
            await asyncio.gather(*pending)
        except KafkaError as error:
            raise _failed(error) from error


def _failed(error: KafkaError) -> FeedFailed:
    return FeedFailed(f"Kafka did not take a record: {error!r}: see that the topics are there (contento topics create)")
