"""The Faust app: takes batches off the topics' queues, hands them to the pipeline, then acknowledges.

The agents drain their queue themselves. Faust's `stream.take` acknowledges in a `finally`, so an error
would lose the batch, and its per-event iterator costs more than the rest of the work. Three rules keep
delivery at least once: acknowledge in the order of arrival, only after `process` has returned; let no
exception leave an agent (Faust would wait for its messages for ever); drop messages of an older
generation unacknowledged, because their partition has a new owner or is read again from the commit.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import faust
import structlog
from aiokafka.helpers import create_ssl_context
from faust.transport.drivers import aiokafka as driver
from faust.types import TP  # noqa: TC002 - one import block for one library

from contento.contracts.errors import ContentoError
from contento.contracts.record import InputRecord
from contento.contracts.topics import MAX_RECORD_BYTES, TOPICS, TopicName
from contento.scoring import faust_fast_path
from contento.scoring.pipeline import Pipeline
from contento.scoring.prometheus import PrometheusMetrics
from contento.scoring.settings import ScorerSettings

log = structlog.get_logger("contento.scorer")  # under the module's name Faust tells every step it takes

Process = Callable[[Sequence[InputRecord]], Awaitable[None]]

HEARTBEATS_PER_SESSION: Final = 6
FATAL_EXIT_CODE: Final = 70
BUFFERED_BATCHES: Final = 8
"""Batches that wait in this process before fetching stops: enough to never wait for the broker."""
LAG_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the running scorer is made of.

    Attributes:
        pipeline: Turns records into effects.
        metrics: Where lag is reported.
        cluster: Id of the Kafka cluster, in which offsets count.
        close: Releases connections.
    """

    pipeline: Pipeline
    metrics: PrometheusMetrics
    cluster: str
    close: Callable[[], Awaitable[None]]


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with a fetch wait of ours; Faust's own is fixed at 1.5 s."""

    fetch_max_wait_ms = 100

    def _create_worker_consumer(self, *args: Any, **kwargs: Any) -> Any:
        consumer = super()._create_worker_consumer(*args, **kwargs)
        consumer._fetch_max_wait_ms = self.fetch_max_wait_ms  # noqa: SLF001 - read at start, has no setter
        return consumer


class _Consumer(driver.Consumer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        faust_fast_path.install(self)

    def _new_consumer_thread(self) -> Any:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(driver.Transport):
    Consumer = _Consumer


class ScorerApp(faust.App):
    """A Faust app that makes the pipeline before it takes its first record, and releases it last."""

    def __init__(self, settings: ScorerSettings, make_parts: Callable[[], Awaitable[Parts]]) -> None:
        """Take the settings and what makes the parts once the event loop runs."""
        _ConsumerThread.fetch_max_wait_ms = settings.fetch_max_wait_ms
        self.settings, self._make_parts = settings, make_parts
        self._parts: Parts | None = None
        self._next_offset: dict[TP, int] = {}
        super().__init__(
            settings.group,
            broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.session_timeout_s / HEARTBEATS_PER_SESSION,
            broker_rebalance_timeout=max(10.0, settings.session_timeout_s),
            broker_commit_interval=settings.commit_interval_s,
            broker_credentials=_credentials(settings),
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=settings.instance or None,
            consumer_max_fetch_size=MAX_RECORD_BYTES,
            stream_buffer_maxsize=BUFFERED_BATCHES * settings.batch_events,
            stream_wait_empty=True,
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_enabled=False,
        )
        self.transport = _Transport([*self.conf.broker_consumer], self)
        self.agent(self._topic("events"), name="events")(self._score_events)
        self.agent(self._topic("items"), name="items")(self._store_items)
        self.timer(LAG_EVERY_S)(self._report_lag)

    @property
    def parts(self) -> Parts:
        """What the scorer is made of; there once the app has started."""
        assert self._parts is not None, "the app has not started"  # noqa: S101 - Faust starts it before any agent
        return self._parts

    async def on_first_start(self) -> None:
        """Make the parts before any record comes."""
        self._parts = await self._make_parts()
        await super().on_first_start()

    async def on_shutdown(self) -> None:
        """Release the parts when no record can come any more."""
        await super().on_shutdown()
        if self._parts is not None:
            await self._parts.close()

    def _topic(self, name: TopicName) -> Any:
        return self.topic(
            TOPICS[name].full_name(self.settings.topic_prefix),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )

    async def _score_events(self, stream: Any) -> None:
        await self._drain(stream, self.parts.pipeline.process_events)

    async def _store_items(self, stream: Any) -> None:
        await self._drain(stream, self.parts.pipeline.process_items)

    async def _drain(self, stream: Any, process: Process) -> None:
        """Take what waits, at most a batch, process it, acknowledge it; for ever."""
        queue, most, cluster = stream.channel.queue, self.settings.batch_events, self.parts.cluster
        while not stream.should_stop:
            try:
                events = [await queue.get()]
            except StopAsyncIteration:  # thrown into the queue when the app stops
                return
            while len(events) < most and not queue.empty():
                events.append(queue.get_nowait())
            consumer, generation = self.consumer, self.consumer_generation_id
            messages = [
                event.message
                for event in events
                if self.flow_control.is_active() and event.message.generation_id == generation
            ]
            for message in messages:
                if not message.tracked:
                    message.tracked = True
                    consumer.track_message(message)
            if messages:
                await self._process(process, [_record(message, cluster) for message in messages])
            for message in messages:
                message.ack(consumer)
                self._next_offset[message.tp] = message.offset + 1

    async def _process(self, process: Process, records: Sequence[InputRecord]) -> None:
        try:
            await process(records)
        except Exception as error:  # what leaves an agent unacknowledged would hang Faust's shutdown
            # Leave at once: nothing of this batch is acknowledged, so whoever comes next repeats it.
            log.critical("stopping", reason=str(error), exc_info=not isinstance(error, ContentoError))
            sys.stderr.flush()
            os._exit(FATAL_EXIT_CODE)

    async def _report_lag(self) -> None:
        names: tuple[TopicName, ...] = ("events", "items")
        for name in names:
            topic = TOPICS[name].full_name(self.settings.topic_prefix)
            # The fetch's high-water mark, not the end offset: the embedded broker reports wrong ones.
            mine = [tp for tp in self.consumer.assignment() if tp.topic == topic and tp in self._next_offset]
            waiting = sum(max(0, (self.consumer.highwater(tp) or 0) - self._next_offset[tp]) for tp in mine)
            self.parts.metrics.lag(topic, waiting)


def _record(message: Any, cluster: str) -> InputRecord:
    return InputRecord(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=int(message.timestamp * 1000),
        key=message.key,
        value=message.value,
        headers=message.headers or (),
        cluster=cluster,
    )


def _credentials(settings: ScorerSettings) -> Any:
    if settings.kafka_username:
        return faust.SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=create_ssl_context() if settings.kafka_tls else None,
        )
    return faust.SSLCredentials(create_ssl_context()) if settings.kafka_tls else None
