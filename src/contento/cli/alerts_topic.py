"""Reading the alerts topic from its beginning, on Apache Kafka and on the embedded broker."""

from collections.abc import AsyncIterator
from typing import Any, Final, Self

import aiokafka
from aiokafka.errors import KafkaError

from contento.connections.kafka import KafkaUnavailable
from contento.contracts.codec import decode
from contento.contracts.errors import ContentoError
from contento.contracts.messages import DriftAlert
from contento.contracts.rejection import RejectedRecord
from contento.contracts.topics import TOPICS
from contento.scoring.kafka_client import kafka_client
from contento.scoring.settings import ScorerSettings

FETCH_MAX_WAIT_MS: Final = 100
"""The embedded broker looks at a waiting fetch again after half of this."""
_POLL_MS: Final = 500
"""Five times the longest wait of a fetch: an empty poll means that there is nothing more."""


class NoAlertsTopic(ContentoError):
    """The broker has no alerts topic."""


class AlertsTopic:
    """The alerts topic, read by one consumer that commits nothing."""

    def __init__(self, settings: ScorerSettings) -> None:
        """Take where Kafka is and the topics' prefix."""
        self._settings = settings
        self._name = TOPICS["alerts"].full_name(settings.topic_prefix)
        self._consumer: Any = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaUnavailable: No broker answers.
            NoAlertsTopic: It has no such topic.
        """
        consumer = aiokafka.AIOKafkaConsumer(**kafka_client(self._settings), fetch_max_wait_ms=FETCH_MAX_WAIT_MS)
        try:
            await consumer.start()
            if self._name not in await consumer.topics():
                raise NoAlertsTopic(
                    f"there is no topic {self._name} at {self._settings.kafka}: run `contento topics create`, "
                    "or set CONTENTO_TOPIC_PREFIX to the prefix in use"
                )
            partitions = [
                aiokafka.TopicPartition(self._name, number)
                for number in sorted(consumer.partitions_for_topic(self._name) or {0})
            ]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
        except KafkaError as error:
            await consumer.stop()
            raise KafkaUnavailable(
                f"no Kafka broker answers at {self._settings.kafka}: {error!r}: start one (contento up), "
                "or set CONTENTO_KAFKA to its address"
            ) from error
        except ContentoError:
            await consumer.stop()
            raise
        self._consumer = consumer
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def past(self) -> list[DriftAlert]:
        """Return the alerts that are there, oldest first.

        The embedded broker's end offsets fall short (they name the last batch's beginning), so reading goes on
        until they are reached and a poll brings nothing.
        """
        found: list[DriftAlert] = []
        ends: dict[Any, int] = await self._consumer.end_offsets(list(self._consumer.assignment()))
        while True:
            batch = await self._poll()
            found += batch
            if not batch and all([await self._consumer.position(p) >= end for p, end in ends.items()]):
                return found

    async def coming(self) -> AsyncIterator[DriftAlert]:
        """Yield the alerts that come, as they come."""
        while True:
            for alert in await self._poll():
                yield alert

    async def _poll(self) -> list[DriftAlert]:
        records = [r for batch in (await self._consumer.getmany(timeout_ms=_POLL_MS)).values() for r in batch]
        found = []
        for record in sorted(records, key=lambda record: (record.timestamp, record.offset)):
            try:
                found.append(decode(DriftAlert, record.value, {name.lower(): value for name, value in record.headers}))
            except RejectedRecord:
                continue  # another program's record: no reason to hide the alerts that follow
        return found
