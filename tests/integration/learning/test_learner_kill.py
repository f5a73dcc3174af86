"""A learner that is killed at random moments ends where one ends that never was."""

import os
import random
import signal
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import redis as redis_py
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from learner_process import start_learner
from stand_in_scores import StandIn

from contento.contracts.messages import DriftAlert, Feedback, Item, Score, UserEvent
from contento.contracts.topics import TOPICS, TopicName
from contento.local.stack import Stack
from contento.local.topics import create_topics_now
from contento.training.readers import open_source

KILLS: Final = 20
EVENTS: Final = 12_000
DATA: Final = f"simulated:all?events={EVENTS}&users=150&items=40"


def the_log() -> Iterator[tuple[TopicName, Item | Score | Feedback]]:  # noqa: C901 - one case after the other
    """A simulated log in the order of its records: 30 % of feedback late, 2 % duplicates, 2 % orphans.

    Feedback that is not late comes before the scorer is done, so that it waits for its score.
    """
    source = open_source(DATA)
    scorer = StandIn(source)
    draws = random.Random(8)
    for item in source.items():
        yield "items", item
    behind: list[Score] = []
    late: list[tuple[int, Feedback]] = []
    for number, record in enumerate(source.records()):
        while late and late[0][0] <= number:
            yield "feedback", late.pop(0)[1]
        if isinstance(record, UserEvent):
            behind.append(scorer.score(record))
            if len(behind) > 20:
                yield "scores", behind.pop(0)
            continue
        kind = draws.random()
        if kind < 0.3:
            late.append((number + draws.randrange(100, 4000), record))
            late.sort(key=lambda each: each[0])
            continue
        yield "feedback", record
        if kind < 0.32:
            yield "feedback", record
        elif kind < 0.34:
            orphan = Feedback()
            orphan.CopyFrom(record)
            orphan.feedback_id, orphan.event_id = f"orphan-{number}", f"nothing-{number}"
            yield "feedback", orphan
    for score in behind:
        yield "scores", score
    for _, feedback in late:
        yield "feedback", feedback


def write_log(kafka: str, prefix: str) -> None:
    producer: Any = KafkaProducer(bootstrap_servers=kafka, linger_ms=20)
    begin = time.time_ns() // 1_000_000 - 3_600_000  # the broker deletes what is older than a topic keeps
    for number, (name, message) in enumerate(the_log()):
        key = message.item_id if isinstance(message, Item) else message.user_id
        producer.send(
            TOPICS[name].full_name(prefix),
            key=key.encode(),
            value=message.SerializeToString(),
            timestamp_ms=begin + 50 * number,
        )
    producer.flush()
    producer.close()


class Run:
    """A learner with a directory and Redis keys of its own, over topics that are shared."""

    def __init__(self, stack: Stack, prefix: str, folder: Path) -> None:
        self.folder, self.prefix, self.stack = folder, f"{prefix}-{folder.name}", stack
        folder.mkdir()
        self._environment = {
            **stack.environment,
            "CONTENTO_TOPIC_PREFIX": prefix,
            "CONTENTO_REDIS_PREFIX": self.prefix,
            "CONTENTO_LEARNER_DIRECTORY": str(folder),
            "CONTENTO_LEARNER_BATCH": "100",
        }
        self.redis = redis_py.Redis.from_url(stack.redis)

    def start(self) -> Any:
        """Start a learner, and return its process once it is about to read."""
        before = self._log().count('"event": "ready"')
        process = start_learner(self._environment, self.folder / "log")
        deadline = time.monotonic() + 60
        while self._log().count('"event": "ready"') == before:
            assert process.is_alive(), self._log()[-3000:]
            assert time.monotonic() < deadline, self._log()[-3000:]
            time.sleep(0.01)
        return process

    def to_the_end(self, ends: dict[tuple[str, int], int]) -> None:
        """Run a learner until it has read everything; one that is told to stop shows how far it is."""
        deadline = time.monotonic() + 300
        pause = 5.0
        while time.monotonic() < deadline:
            process = self.start()
            time.sleep(pause)
            os.kill(process.pid, signal.SIGTERM)
            process.join(60)
            assert process.exitcode == 0, self._log()[-3000:]
            with closing(sqlite3.connect(self.folder / "learner.sqlite")) as db:
                at = {(topic, number): following for topic, number, following in db.execute("select * from offsets")}
            if at == ends:
                return
            pause = 10.0
        pytest.fail(f"the learner does not get to the end: {self._log()[-3000:]}")

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def dump(self) -> dict[str, Any]:
        """All that the learner has kept and written."""
        with closing(sqlite3.connect(self.folder / "learner.sqlite")) as db:
            tables = {
                name: db.execute(query).fetchall()
                for name, query in {
                    "state": "select part, name, value from state order by 1, 2",
                    "factors": "select * from factors order by 1, 2",
                    "labels": "select * from labels order by 1, 2",
                    "waiting": "select subject, given_ms, at_ms, value from waiting order by number",
                    "scores": "select event, at_ms from scores order by number",
                    "outbox": "select kind, key, value from outbox order by 1, 2",
                }.items()
            }
        keys = sorted(self.redis.scan_iter(f"{self.prefix}:factors:*"))
        tables["redis"] = [(key.removeprefix(self.prefix.encode()), self.redis.get(key)) for key in keys]
        return tables


def alerts_of(kafka: str, prefix: str, skip: int) -> tuple[list[bytes], int]:
    """Return the distinct alerts behind the first ones, in their order, and how many records there are."""
    consumer: Any = KafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=100, consumer_timeout_ms=3000)
    consumer.assign([TopicPartition(TOPICS["alerts"].full_name(prefix), 0)])
    consumer.seek_to_beginning()
    values = [record.value for record in consumer]
    consumer.close()
    return list({DriftAlert.FromString(value).alert_id: value for value in values[skip:]}.values()), len(values)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_change_nothing(stack: Stack, tmp_path: Path) -> None:
    prefix = f"learn-{uuid.uuid4().hex[:8]}"
    create_topics_now(stack.kafka, prefix=prefix)
    write_log(stack.kafka, prefix)
    ends = _ends(stack.kafka, prefix)

    calm = Run(stack, prefix, tmp_path / "calm")
    calm.to_the_end(ends)
    alerts, seen = alerts_of(stack.kafka, prefix, 0)

    stormy = Run(stack, prefix, tmp_path / "stormy")
    moments = random.Random(4)
    for _ in range(KILLS):
        process = stormy.start()
        time.sleep(moments.random())
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)
    stormy.to_the_end(ends)
    again, _ = alerts_of(stack.kafka, prefix, seen)

    expected, found = calm.dump(), stormy.dump()
    for name, table in expected.items():
        assert found[name] == table, name
    assert again == alerts
    assert len(alerts) > 0
    assert len(expected["redis"]) > 100
    assert not expected["outbox"], "all effects are out"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_servers_that_die_are_waited_for(stack: Stack, tmp_path: Path) -> None:
    if not stack.options.kafka_home:
        pytest.skip("the embedded broker forgets all when it dies")
    prefix = f"learn-{uuid.uuid4().hex[:8]}"
    create_topics_now(stack.kafka, prefix=prefix)
    write_log(stack.kafka, prefix)
    ends = _ends(stack.kafka, prefix)
    calm, stormy = Run(stack, prefix, tmp_path / "calm"), Run(stack, prefix, tmp_path / "stormy")
    calm.to_the_end(ends)
    process = stormy.start()
    for name in ("redis", "kafka"):
        service = stack.parts[name].service
        assert service is not None
        restarts = service.restarts
        assert service.pid is not None
        os.kill(service.pid, signal.SIGKILL)
        while service.restarts == restarts or service.state != "ready":
            time.sleep(0.1)
    assert process.is_alive(), "it waits for them"
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    stormy.to_the_end(ends)
    expected, found = calm.dump(), stormy.dump()
    for name, table in expected.items():
        assert found[name] == table, name


def _ends(kafka: str, prefix: str) -> dict[tuple[str, int], int]:
    """Return the offset after the last record of each partition that has any."""
    names: tuple[TopicName, ...] = ("items", "scores", "feedback")
    consumer: Any = KafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=100, consumer_timeout_ms=3000)
    consumer.assign(
        [TopicPartition(TOPICS[n].full_name(prefix), p) for n in names for p in range(TOPICS[n].partitions)]
    )
    consumer.seek_to_beginning()
    ends: dict[tuple[str, int], int] = {}
    for record in consumer:
        ends[record.topic, record.partition] = record.offset + 1
    consumer.close()
    return ends
