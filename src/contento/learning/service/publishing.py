"""Taking effects from the outbox to where they belong: Redis, Kafka, the webhook."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import redis
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from contento.contracts.messages import DriftAlert
from contento.contracts.record import OutputRecord, unpacked
from contento.contracts.redis_keys import RedisKeys
from contento.contracts.topics import MAX_RECORD_BYTES, TOPICS, TopicName
from contento.learning.alerts.webhook import QUEUE, Webhook
from contento.learning.service.kafka_connection import connection
from contento.learning.service.settings import LearnerSettings
from contento.learning.store import LearnerStore, OutboxKind

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 2_000
_IN_REDIS: Final[tuple[OutboxKind, ...]] = ("factors", "correction", "segment", "segment_meta")
_PAUSE_S: Final = 1.0
"""After a failure; meanwhile the learner goes on, and the outbox keeps what is to go out."""
_REDIS_TIMEOUT_S: Final = 2.0
_SEND_TIMEOUT_S: Final = 30.0

_SET_SEGMENT: Final = (Path(__file__).parent / "set_segment.lua").read_text()


class PublisherMetrics(Protocol):
    """What publishing reports."""

    def retry(self, part: str) -> None:
        """Count an attempt that failed and is tried again."""
        ...


class Outbox:
    """Publishes what the store's outbox holds, as often as it takes; every effect may be repeated without harm.

    Not being able to reach Redis or Kafka is not an error here: the entries stay where they are.
    """

    def __init__(
        self,
        settings: LearnerSettings,
        store: LearnerStore,
        metrics: PublisherMetrics,
        *,
        webhook: Webhook | None,
        stopwatch_s: Callable[[], float],
    ) -> None:
        """Take where to publish to; connects when there is something.

        Args:
            settings: Of the service.
            store: Whose outbox.
            metrics: Told of failures.
            webhook: Where alerts are posted to besides; `None`: nowhere.
            stopwatch_s: A clock that only grows, in seconds.
        """
        self._settings, self._store, self._metrics, self._webhook = settings, store, metrics, webhook
        self._keys = RedisKeys(settings.redis_prefix)
        self._redis: Any = redis.Redis.from_url(
            settings.redis.get_secret_value(),
            socket_timeout=_REDIS_TIMEOUT_S,
            socket_connect_timeout=_REDIS_TIMEOUT_S,
        )
        self._producer: Any = None
        self._stopwatch_s = stopwatch_s
        self._not_before: dict[str, float] = {}
        self._offered: set[int] = set()

    def publish(self) -> list[int]:
        """Publish what can be published now, and return the numbers of what is out."""
        sent = [
            *self._try("redis", self._write_redis),
            *self._try("kafka", self._write_kafka),
        ]
        if self._webhook is not None:
            sent.extend(self._post(self._webhook))
        return sent

    def close(self) -> None:
        """Let go of the connections."""
        if self._producer is not None:
            self._producer.close(timeout=_SEND_TIMEOUT_S)
        self._redis.close()

    def quality(self, qualities: dict[str, Any]) -> None:
        """Write how good scores are to Redis; one that is missed is replaced by the next."""
        content = json.dumps(qualities)

        def write() -> list[int]:
            self._redis.set(self._keys.quality(), content)
            return []

        self._try("redis", write)

    def _try(self, part: str, publish: Callable[[], list[int]]) -> list[int]:
        if self._stopwatch_s() < self._not_before.get(part, 0.0):
            return []
        try:
            return publish()
        except (RedisError, KafkaError) as error:
            self._not_before[part] = self._stopwatch_s() + _PAUSE_S
            self._metrics.retry(part)
            log.warning("not published", part=part, error=repr(error), do="check that it runs (contento doctor)")
            return []

    def _write_redis(self) -> list[int]:
        entries = {kind: self._store.outbox(kind, _AT_ONCE) for kind in _IN_REDIS}
        if not any(entries.values()):
            return []
        pipe = self._redis.pipeline(transaction=False)
        for _, key, value in entries["factors"]:
            side, _, identity = key.partition(":")
            name = self._keys.user_factors(identity) if side == "user" else self._keys.item_factors(identity)
            if value is None:
                pipe.delete(name)
            else:
                pipe.set(name, value)
        for _, _, value in entries["correction"]:
            pipe.set(self._keys.rating_correction(), value)
        for _, user, value in entries["segment"]:
            pipe.eval(_SET_SEGMENT, 1, self._keys.user_live(user), value or b"")
        for _, segment, value in entries["segment_meta"]:
            if value is None:
                pipe.delete(self._keys.segment_meta(segment))
            else:
                pipe.set(self._keys.segment_meta(segment), value)
        pipe.execute()
        return [number for found in entries.values() for number, _, _ in found]

    def _write_kafka(self) -> list[int]:
        alerts, letters = (self._store.outbox(kind, _AT_ONCE) for kind in ("alert", "dead_letter"))
        entries: list[tuple[int, TopicName, OutputRecord]] = [
            *((number, "alerts", _alert_record(value)) for number, _, value in alerts),
            *((number, "dlq", unpacked(value or b"")) for number, _, value in letters),
        ]
        if not entries:
            return []
        if self._producer is None:
            self._producer = KafkaProducer(**connection(self._settings), acks="all", max_request_size=MAX_RECORD_BYTES)
        waiting = [
            self._producer.send(
                TOPICS[name].full_name(self._settings.topic_prefix),
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )
            for _, name, record in entries
        ]
        for each in waiting:
            each.get(timeout=_SEND_TIMEOUT_S)
        return [number for number, _, _ in entries]

    def _post(self, webhook: Webhook) -> list[int]:
        # No more than the webhook holds: what waits there is dropped when it overflows, and here nothing is lost.
        for number, _, value in self._store.outbox("webhook", QUEUE):
            if number not in self._offered:
                self._offered.add(number)
                webhook.offer(number, DriftAlert.FromString(value or b""))
        done = [each.sequence for each in webhook.done()]
        self._offered.difference_update(done)
        return done


def _alert_record(value: bytes | None) -> OutputRecord:
    alert = DriftAlert.FromString(value or b"")
    return OutputRecord(key=alert.monitor.encode(), value=value)
