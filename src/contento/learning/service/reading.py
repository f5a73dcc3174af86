"""Reading the learner's topics with kafka-python, from the offsets in its store."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from contento.contracts.errors import ContentoError
from contento.contracts.record import InputRecord
from contento.contracts.topics import TOPICS, TopicName
from contento.learning.learner import CONSUMED
from contento.learning.order import TimeOrder
from contento.learning.service.kafka_connection import connection, unavailable
from contento.learning.service.settings import LearnerSettings

log = structlog.get_logger(__name__)

FETCH_MAX_WAIT_MS: Final = 100
"""The embedded broker looks at a waiting fetch again after half of this."""
_POLL_MS: Final = 100
_AHEAD: Final = 4
"""Batches of a partition to hold in memory before its fetching pauses, so that one with old records is not outrun."""


class NoTopics(ContentoError):
    """The broker does not have the topics that the learner reads."""


class TopicReader:
    """Hands out the records of all partitions in one order.

    There is one learner to a set of topics, so it takes all partitions and needs no group: the store's lock keeps a
    second one out, and the store's offsets say where to go on.
    """

    def __init__(self, settings: LearnerSettings, offsets: Mapping[tuple[str, int], int], *, cluster: str) -> None:
        """Connect, and go to where the store says.

        Raises:
            KafkaUnavailable: No broker answers.
            NoTopics: It lacks a topic.
        """
        self._cluster = cluster
        self._most = settings.learner_batch
        self._names: dict[str, TopicName] = {TOPICS[name].full_name(settings.topic_prefix): name for name in CONSUMED}
        try:
            self._consumer: Any = KafkaConsumer(
                **connection(settings),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
                max_poll_records=self._most,
            )
            self._partitions = [partition for name in self._names for partition in self._partitions_of(name)]
            self._consumer.assign(self._partitions)
            for partition in self._partitions:
                following = offsets.get((partition.topic, partition.partition))
                if following is None:
                    self._consumer.seek_to_beginning(partition)
                else:
                    self._consumer.seek(partition, following)
        except KafkaError as error:
            raise unavailable(settings, error) from error
        self._order: TimeOrder[InputRecord] = TimeOrder(self._partitions)

    def read(self) -> list[tuple[TopicName, InputRecord]]:
        """Return the next records, none when there are none yet; waits a tenth of a second at most for some."""
        for partition, found in self._consumer.poll(timeout_ms=0 if self._has_next() else _POLL_MS).items():
            self._order.add(partition, [self._record(each) for each in found])
        for partition in self._partitions:
            self._order.drained(partition, is_drained=self._lag(partition) == 0)
        taken = self._order.take(self._most)
        ahead = [each for each in self._partitions if self._order.waiting(each) > _AHEAD * self._most]
        self._consumer.resume(*(each for each in self._consumer.paused() if each not in ahead))
        self._consumer.pause(*ahead)
        return [(self._names[partition.topic], record) for partition, record in taken]  # type: ignore[attr-defined]

    def lags(self) -> dict[TopicName, int]:
        """Return how many records of each topic wait, those in memory included."""
        lags = dict.fromkeys(self._names.values(), 0)
        for partition in self._partitions:
            lags[self._names[partition.topic]] += (self._lag(partition) or 0) + self._order.waiting(partition)
        return lags

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _has_next(self) -> bool:
        return any(self._order.waiting(each) > self._most for each in self._partitions)

    def _lag(self, partition: Any) -> int | None:
        """Return how many records lie beyond those that came; `None` before the broker has said."""
        end = self._consumer.highwater(partition)
        return None if end is None else max(0, end - self._consumer.position(partition))

    def _partitions_of(self, topic: str) -> list[Any]:
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise NoTopics(f"there is no topic {topic}: run `contento topics create`, or set CONTENTO_TOPIC_PREFIX")
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _record(self, record: Any) -> InputRecord:
        return InputRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
            key=record.key,
            value=record.value,
            headers=record.headers,
            cluster=self._cluster,
        )
