"""Writing scores and dead letters to Kafka.

Faust's own producer resolves a topic object per send which costs more than sending does, and it cannot say
when a batch is acknowledged. So the scorer has a plain aiokafka producer of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

import aiokafka
from aiokafka.errors import KafkaError

from contento.contracts.record import OutputRecord
from contento.contracts.topics import MAX_RECORD_BYTES, TOPICS, TopicName
from contento.scoring.ports import PublishFailed

REQUEST_TIMEOUT_MS: Final = 30_000
"""A broker that is restarted is back in 20 to 33 s (measured): one outage costs one failed attempt at most."""
BATCH_BYTES: Final = 256 * 1024
"""A batch of 256 scores with their features is about 500 kB: two requests a partition at most."""


class KafkaPublisher:
    """Publishes batches of records, acknowledged by all replicas, in order."""

    def __init__(self, prefix: str, **client: Any) -> None:
        """Take the topic prefix and the connection's settings for aiokafka (`bootstrap_servers`, …)."""
        self._names = {name: topic.full_name(prefix) for name, topic in TOPICS.items()}
        self._client = client
        self._producer: Any = None

    async def start(self) -> None:
        """Connect.

        Raises:
            PublishFailed: No broker answers.
        """
        producer = aiokafka.AIOKafkaProducer(
            **self._client,
            acks="all",
            # No lingering: a batch's records are all handed over before the sender wakes, and go out together.
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise _failed(error) from error
        self._producer = producer

    async def publish(self, topic: TopicName, records: Sequence[OutputRecord]) -> None:
        """See `Publisher.publish`."""
        if self._producer is None:
            await self.start()
        name = self._names[topic]
        pending: list[asyncio.Future[Any]] = []
        try:
            # One coroutine awaits each send: a task per send would write a partition's records out of order.
            for record in records:  # not a comprehension: what was sent before a failure is awaited too
                sent = await self._send(name, record)
                pending.append(sent)
        except KafkaError as error:
            raise _failed(error) from error
        finally:
            results = await asyncio.gather(*pending, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise _failed(result) from result

    async def _send(self, name: str, record: OutputRecord) -> asyncio.Future[Any]:
        headers = list(record.headers)
        if record.key is None and record.value is None:
            # A dead letter may be as empty as its record was. `send` refuses that, a batch of its own does not.
            batch = self._producer.create_batch()
            batch.append(timestamp=None, key=None, value=None, headers=headers)
            partition = min(await self._producer.partitions_for(name))
            sent = await self._producer.send_batch(batch, name, partition=partition)
        else:
            sent = await self._producer.send(name, record.value, key=record.key, headers=headers)
        return cast("asyncio.Future[Any]", sent)

    async def close(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()


def _failed(error: BaseException) -> PublishFailed:
    return PublishFailed(
        f"Kafka did not take the records: {error!r}: check that the broker runs and the topics are there "
        "(contento doctor)"
    )
