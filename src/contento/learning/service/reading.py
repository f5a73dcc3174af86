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
_AT_ONCE: Final = 4
"""Batches to ask for at once."""


class NoTopics(ContentoError):
    """The broker does not have the topics that the learner reads."""


class TopicReader:
    """Hands out the records of all partitions in one order.

    There is one learner to a set of topics, so it takes all partitions and needs no group: the store's lock keeps a
    second one out, and the store's offsets say where to go on.

    Each topic has a consumer of its own, which is asked only when one of its partitions has nothing left in memory:
    a topic of few records is not read far ahead of one of many. (To pause partitions of one consumer would do, but
    kafka-python 3.0.12 can forget to hand out what it had fetched of a paused one.)
    """

    def __init__(self, settings: LearnerSettings, offsets: Mapping[tuple[str, int], int], *, cluster: str) -> None:
        """Connect, and go to where the store says.

        Raises:
            KafkaUnavailable: No broker answers.
            NoTopics: It lacks a topic.
        """
        self._cluster = cluster
        self._most = settings.learner_batch
        self._consumers: dict[TopicName, Any] = {}
        self._partitions: dict[TopicName, list[Any]] = {}
        try:
            for name in CONSUMED:
                consumer = self._consumers[name] = KafkaConsumer(
                    **connection(settings),
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
                    max_poll_records=self._most * _AT_ONCE,
                )
                topic = TOPICS[name].full_name(settings.topic_prefix)
                numbers = consumer.partitions_for_topic(topic)
                if not numbers:
                    raise NoTopics(
                        f"there is no topic {topic}: run `contento topics create`, or set CONTENTO_TOPIC_PREFIX"
                    )
                self._partitions[name] = [TopicPartition(topic, number) for number in sorted(numbers)]
                consumer.assign(self._partitions[name])
                for partition in self._partitions[name]:
                    following = offsets.get((topic, partition.partition))
                    if following is None:
                        consumer.seek_to_beginning(partition)
                    else:
                        consumer.seek(partition, following)
        except KafkaError as error:
            self.close()
            raise unavailable(settings, error) from error
        self._names = {partition: name for name, found in self._partitions.items() for partition in found}
        self._order: TimeOrder[InputRecord] = TimeOrder(list(self._names))
        self._next: dict[Any, int] = {}
        self._kept = {
            each: offsets[key] for each in self._names for key in [(each.topic, each.partition)] if key in offsets
        }

    def read(self) -> list[tuple[TopicName, InputRecord]]:
        """Return the next records, none when there are none yet; waits a tenth of a second at most for some."""
        taken = self._order.take(self._most)
        if len(taken) < self._most:  # asking costs kafka-python milliseconds, so it is asked for much at once
            self._poll(wait=not taken)
            taken += self._order.take(self._most - len(taken))
        return [(self._names[partition], record) for partition, record in taken]

    def lags(self) -> dict[TopicName, int]:
        """Return how many records of each topic wait, those in memory included."""
        return {
            name: sum((self._lag(each) or 0) + self._order.waiting(each) for each in partitions)
            for name, partitions in self._partitions.items()
        }

    def close(self) -> None:
        """Let go of the broker."""
        for consumer in self._consumers.values():
            consumer.close()

    def _poll(self, *, wait: bool) -> None:
        hungry = [
            name for name, partitions in self._partitions.items() if not all(map(self._order.waiting, partitions))
        ]
        for name in hungry:
            timeout_ms = _POLL_MS if wait and name == hungry[-1] else 0
            for partition, found in self._consumers[name].poll(timeout_ms=timeout_ms).items():
                self._tell_of_a_gap(partition, found[0].offset)
                self._order.add(partition, [self._record(each) for each in found])
                self._next[partition] = found[-1].offset + 1
            for partition in self._partitions[name]:
                if not self._order.waiting(partition):
                    self._order.drained(partition, is_drained=self._lag(partition) == 0)

    def _tell_of_a_gap(self, partition: Any, first: int) -> None:
        """Say that the broker has no longer what comes after the kept offset; a compacted topic has gaps anyway."""
        kept = self._kept.pop(partition, first)
        if first > kept and not TOPICS[self._names[partition]].compacted:
            log.error(
                "records are gone", topic=partition.topic, partition=partition.partition, kept=kept, first=first,
                do="the learner was away for longer than the topic keeps records: raise the topic's retention.ms",
            )  # fmt: skip

    def _lag(self, partition: Any) -> int | None:
        """Return how many records lie beyond those that came; `None` before the broker has said."""
        consumer = self._consumers[self._names[partition]]
        end = consumer.highwater(partition)
        if end is None:
            return None
        if self._next.get(partition, -1) < end and not self._order.waiting(partition):
            # Not all offsets have a record: the marks of transactions have none, and compaction leaves gaps.
            self._next[partition] = consumer.position(partition)
        return max(0, int(end) - self._next.get(partition, 0))

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
