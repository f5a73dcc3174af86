"""The stack with its real servers: up, watched, brought back, and gone without a trace."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contento.contracts.topics import MAX_RECORD_BYTES
from contento.local.apache_kafka import KafkaHome, KafkaHomeUnusable
from contento.local.ports import LOOPBACK
from contento.local.running import StackUnavailable, running_environment
from contento.local.service import ServiceFailed
from contento.local.stack import Part, Stack, StackOptions
from contento.local.topics import create_topics_now

HOLDS_A_STACK = """
import sys, time
from pathlib import Path
from contento.local.stack import Stack, StackOptions

home = Path(sys.argv[2]) if len(sys.argv) > 2 else None
with Stack(StackOptions(directory=Path(sys.argv[1]), inference="in-process", kafka_home=home)) as stack:
    stack.add_process("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
    print("up", flush=True)
    time.sleep(600)
"""


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def embedded(directory: Path) -> Stack:
    return Stack(StackOptions(directory=directory, inference="in-process"))


async def _roundtrip(address: str, topic: str, value: bytes) -> bytes:
    producer = AIOKafkaProducer(bootstrap_servers=address, max_request_size=MAX_RECORD_BYTES)
    await producer.start()
    try:
        sent = await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), sent.offset)
        return bytes((await asyncio.wait_for(consumer.getone(), 20)).value)
    finally:
        await consumer.stop()


def test_records_pass_through_the_broker_and_redis_keeps_values(stack: Stack, prefix: str) -> None:
    assert asyncio.run(_roundtrip(stack.kafka, f"{prefix}.events", b"hello")) == b"hello"
    with redis.Redis.from_url(stack.redis) as client:
        client.set(f"{prefix}:key", "value")
        assert client.get(f"{prefix}:key") == b"value"


def test_the_largest_record_passes(stack: Stack, prefix: str) -> None:
    value = b"x" * 10_000_000
    assert asyncio.run(_roundtrip(stack.kafka, f"{prefix}.dlq", value)) == value


def test_every_listener_is_on_loopback(stack: Stack) -> None:
    listening = [
        connection.laddr.ip
        for part in stack.parts.values()
        if part.service is not None
        for connection in psutil.Process(part.service.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 2
    assert {address.removeprefix("::ffff:") for address in listening} == {LOOPBACK}


def test_processes_get_the_stacks_addresses(stack: Stack) -> None:
    names = ("CONTENTO_KAFKA", "CONTENTO_REDIS", "CONTENTO_INFERENCE", "EXTRA")
    code = f"import os, time; print([os.environ[name] for name in {names!r}], flush=True); time.sleep(600)"
    worker = stack.add_process(
        "printer", [sys.executable, "-c", code], {"EXTRA": "1"}, ready=lambda one: bool(one.last_log_lines())
    )
    assert worker.last_log_lines() == str([stack.kafka, stack.redis, "in-process", "1"])
    worker.stop()


@pytest.mark.embedded
def test_the_state_goes_with_the_records_of_the_embedded_broker(tmp_path: Path) -> None:
    with embedded(tmp_path) as stack:
        worker = stack.add_process("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
        client = redis.Redis.from_url(stack.redis)
        client.set("state", "names offsets")
        state, broker = stack.parts["redis"].service, stack.parts["kafka"].service
        assert state is not None
        assert broker is not None

        os.kill(state.pid or 0, signal.SIGKILL)  # Redis alone: nothing is lost, and the address stays
        until(lambda: state.restarts == 1 and state.state == "ready")
        assert client.get("state") == b"names offsets"

        worker_before = worker.pid
        os.kill(broker.pid or 0, signal.SIGKILL)
        until(lambda: worker.state == "ready" and worker.pid not in {None, worker_before})
        assert client.get("state") is None
        client.close()
        assert {topic.state for topic in create_topics_now(stack.kafka)} == {"exists"}
        address = stack.kafka
    with embedded(tmp_path) as again:
        assert again.kafka == address


@pytest.mark.kafka
@pytest.mark.slow
def test_records_and_state_survive_with_apache_kafka(tmp_path: Path, kafka_home: Path) -> None:
    options = StackOptions(directory=tmp_path, kafka_home=kafka_home, inference="in-process")
    with Stack(options) as stack:
        asyncio.run(_roundtrip(stack.kafka, "contento.events", b"kept"))
        with redis.Redis.from_url(stack.redis) as client:
            client.set("state", "kept")
        broker = stack.parts["kafka"].service
        assert broker is not None
        os.kill(broker.pid or 0, signal.SIGKILL)
        until(lambda: broker.restarts == 1 and broker.state == "ready", 60)
    with Stack(options) as stack:
        assert asyncio.run(_first(stack.kafka, "contento.events")) == b"kept"
        with redis.Redis.from_url(stack.redis) as client:
            assert client.get("state") == b"kept"


async def _first(address: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        return bytes((await asyncio.wait_for(consumer.getone(), 20)).value)
    finally:
        await consumer.stop()


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        pytest.param("embedded", signal.SIGKILL, marks=pytest.mark.embedded),
        pytest.param("embedded", signal.SIGINT, marks=pytest.mark.embedded),
        pytest.param("embedded", signal.SIGTERM, marks=pytest.mark.embedded),
        pytest.param("kafka", signal.SIGKILL, marks=pytest.mark.kafka),
    ],
)
def test_no_process_is_left(request: pytest.FixtureRequest, tmp_path: Path, kind: str, end: signal.Signals) -> None:
    arguments = [str(tmp_path)]
    if kind == "kafka":
        arguments.append(str(request.getfixturevalue("kafka_home")))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_STACK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == b"up\n"
        started = psutil.Process(holder.pid).children(recursive=True)
        assert len(started) == 3 * 3  # broker, Redis and worker, each with its two guards
        holder.send_signal(end)
        holder.wait(40)
    until(lambda: not any(process.is_running() for process in started), 40)
    with embedded(tmp_path):  # and the folder is free again
        pass


@pytest.mark.embedded
def test_one_stack_a_folder(embedded_stack: Stack) -> None:
    with pytest.raises(StackUnavailable, match=rf"A stack runs in .* already \(process {os.getpid()}\): stop it, or"):
        Stack(embedded_stack.options).start()


@pytest.mark.embedded
def test_servers_that_run_already_are_used_and_left_running(tmp_path: Path, embedded_stack: Stack) -> None:
    given = StackOptions(
        directory=tmp_path, kafka=embedded_stack.kafka, redis=embedded_stack.redis, inference="in-process"
    )
    seen: list[Part] = []
    with Stack(given, on_ready=seen.append) as stack:
        assert (stack.kafka, stack.redis) == (embedded_stack.kafka, embedded_stack.redis)
        assert [part.service for part in seen] == [None, None]
        assert running_environment(tmp_path) == stack.environment
    assert running_environment(tmp_path) is None
    assert {topic.state for topic in create_topics_now(embedded_stack.kafka)} == {"exists"}


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["kafka", "redis", "triton"])
def test_a_given_server_must_answer(tmp_path: Path, name: str) -> None:
    address = {"redis": "redis://user:secret@127.0.0.1:1/0"}.get(name, "127.0.0.1:1")
    options = StackOptions(directory=tmp_path, inference="auto", **{name: address})  # type: ignore[arg-type]
    with pytest.raises(
        StackUnavailable, match=f"Nothing answers as {name} at .*127.0.0.1:1.*correct --{name}"
    ) as caught:
        Stack(options).start()
    assert "secret" not in str(caught.value)


@pytest.mark.embedded
def test_a_process_that_does_not_come_up_says_why(embedded_stack: Stack) -> None:
    with pytest.raises(ServiceFailed, match="no such module"):
        embedded_stack.add_process(
            "broken", [sys.executable, "-c", "raise SystemExit('no such module')"], ready=lambda _: False
        )


def test_a_folder_that_is_no_kafka_release_says_so(tmp_path: Path) -> None:
    with pytest.raises(KafkaHomeUnusable, match=r"is no Kafka release: .*libs holds no kafka_\*\.jar"):
        KafkaHome.at(tmp_path)


@pytest.mark.parametrize(
    ("said", "error"), [("11.0.2", "is Java 11; the broker needs 17"), ("1.8.0_292", "is Java 8;")]
)
def test_an_old_java_says_so(tmp_path: Path, said: str, error: str) -> None:
    (tmp_path / "libs").mkdir()
    for jar in ("kafka_2.13-4.2.0.jar", "kafka-clients-4.2.0.jar"):
        (tmp_path / "libs" / jar).touch()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{said}\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(KafkaHomeUnusable, match=error):
        KafkaHome.at(tmp_path, java_home=str(tmp_path))
    with pytest.raises(KafkaHomeUnusable, match=r"does not run .*install it"):
        KafkaHome.at(tmp_path, java_home="/nonexistent")
