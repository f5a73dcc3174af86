"""`kill -9` of the scorer, ten times in one run, and scorers that join and leave: every event counts once."""

import asyncio
import os
import random
import signal
import uuid
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from itertools import islice
from typing import Any

import pytest
from integration.scoring.conftest import RunScorer
from topic_reading import read_topic

from contento.contracts.messages import History, Score, UserEvent
from contento.eventlog.feed import Feeder
from contento.local.service import Service
from contento.local.stack import Stack
from contento.local.topics import create_topics_now
from contento.training.readers import open_source

EVENTS = 3000
KILLS = 10
CLOSE = 1e-4  # a batch's composition changes float32 results in their last digits


def the_events() -> list[UserEvent]:
    records = open_source(f"simulated:steady?events={EVENTS}&users=60&items=40&seed=11").records()
    return list(islice((record for record in records if isinstance(record, UserEvent)), EVENTS))


def keys_of(client: Any, prefix: str) -> dict[str, Any]:
    """Every key under a prefix but the embedding cache, with its value as a person would compare it."""
    found: dict[str, Any] = {}
    for key in client.scan_iter(f"{prefix}:*", count=1000):
        name = key.decode().removeprefix(prefix)
        if name.startswith(":embedding:"):
            continue
        kind = client.type(key)
        if kind == b"hash":
            found[name] = {k.decode().replace(prefix, ""): v.decode() for k, v in client.hgetall(key).items()}
        elif kind == b"zset":
            found[name] = {member.decode(): str(score) for member, score in client.zrange(key, 0, -1, withscores=True)}
        elif kind == b"set":
            found[name] = {member.decode(): "" for member in client.smembers(key)}
        else:
            assert name.endswith(":history"), name
            history = History.FromString(client.get(key))
            found[name] = {
                field.name: f"{value}"
                for field in History.DESCRIPTOR.fields
                for value in [list(getattr(history, field.name))]
                if field.name != "satisfaction"
            } | {f"satisfaction {i}": str(v) for i, v in enumerate(history.satisfaction)}
    return found


def same(a: str, b: str) -> bool:
    if a == b:
        return True
    try:
        return float(a) == pytest.approx(float(b), abs=CLOSE)
    except ValueError:
        return False


async def reached(scored: dict[str, Any], goal: int) -> None:
    while len(scored) < goal:
        await asyncio.sleep(0.002)


async def kill(service: Service) -> None:
    """Kill a scorer and return once its supervisor has started the next."""
    restarts = service.restarts
    while service.pid is None:
        await asyncio.sleep(0.01)
    os.kill(service.pid, signal.SIGKILL)
    while service.restarts == restarts:
        await asyncio.sleep(0.01)


async def kill_at_random_moments(_: Stack, first: Service, scored: dict[str, Any], __: Callable[[], Service]) -> None:
    """Kill the scorer each time it has got a random number of events further."""
    moments = random.Random(5)
    for goal in sorted(moments.sample(range(EVENTS // 20, EVENTS - EVENTS // 20), KILLS)):
        await reached(scored, goal)
        await asyncio.sleep(moments.random() * 0.05)
        await kill(first)
    assert first.restarts == KILLS


async def join_and_leave(_: Stack, first: Service, scored: dict[str, Any], another: Callable[[], Service]) -> None:
    """A second scorer joins and takes its share; the first is killed and comes back; the second is told to stop."""
    await reached(scored, EVENTS // 6)
    second = another()
    await reached(scored, EVENTS // 2)
    await kill(first)
    await reached(scored, EVENTS * 3 // 4)
    await asyncio.to_thread(second.stop)


async def servers_die(stack: Stack, first: Service, scored: dict[str, Any], _: Callable[[], Service]) -> None:
    """Redis and the broker are killed and come back, while the scorer waits for them."""
    names = ["redis", "kafka"] if stack.options.kafka_home else ["redis"]  # the embedded broker forgets all
    for number, name in enumerate(names):
        await reached(scored, EVENTS * (number + 1) // 4)
        server = stack.parts[name].service
        assert server is not None
        await kill(server)
    await reached(scored, EVENTS * 3 // 4)
    assert first.restarts == 0


Disturb = Callable[[Stack, Service, dict[str, Any], Callable[[], Service]], Coroutine[Any, Any, None]]


async def run_once(stack: Stack, prefix: str, run_scorer: RunScorer, disturb: Disturb | None) -> dict[str, list[Score]]:
    """Feed the events, and return the scores by event id once every event has one."""
    await asyncio.to_thread(create_topics_now, stack.kafka, prefix=prefix)
    by_event: defaultdict[str, list[Score]] = defaultdict(list)
    consumed = 0

    def enough(records: list[Any]) -> bool:
        nonlocal consumed
        for record in records[consumed:]:
            score = Score.FromString(record.value)
            by_event[score.event_id].append(score)
        consumed = len(records)
        return len(by_event) == EVENTS

    with ExitStack() as scorers:

        def another() -> Service:
            return scorers.enter_context(run_scorer(stack, prefix, f"{prefix}-2"))

        first = scorers.enter_context(run_scorer(stack, prefix))
        feeding = asyncio.create_task(feed(stack, prefix, per_second=None if disturb is None else 400.0))
        reading = asyncio.create_task(read_topic(stack.kafka, prefix, "scores", enough))
        if disturb is not None:
            await disturb(stack, first, by_event, another)
        await feeding
        await reading
    return by_event


async def feed(stack: Stack, prefix: str, per_second: float | None) -> None:
    async with Feeder(stack.kafka, prefix) as feeder:
        await feeder.records(the_events(), per_second=per_second)


@pytest.mark.slow
@pytest.mark.timeout(600)  # a minute and a half on a machine of its own
async def test_disturbed_scorers_count_every_event_once(stack: Stack, redis_of: Any, run_scorer: RunScorer) -> None:
    calm = f"calm-{uuid.uuid4().hex[:8]}"
    expected = await run_once(stack, calm, run_scorer, None)
    assert expected.keys() == {event.event_id for event in the_events()}
    before = keys_of(redis_of, calm)
    for disturb in (kill_at_random_moments, join_and_leave, servers_die):
        stormy = f"storm-{uuid.uuid4().hex[:8]}"
        scores = await run_once(stack, stormy, run_scorer, disturb)
        assert scores.keys() == expected.keys()
        for event_id, repeats in scores.items():
            for score in repeats:  # a repeat of a score says what the first one said
                assert score.satisfaction.value == pytest.approx(expected[event_id][0].satisfaction.value, abs=CLOSE)
                assert score.source.offset == expected[event_id][0].source.offset
        after = keys_of(redis_of, stormy)
        assert before.keys() == after.keys()
        differences = [
            (key, field, value, after[key].get(field))
            for key, fields in before.items()
            for field, value in fields.items()
            if fields.keys() != after[key].keys() or not same(value, after[key][field])
        ]
        assert not differences
        counted = sum(int(fields["n"]) for key, fields in after.items() if key.startswith(":user:") and "n" in fields)
        assert counted == EVENTS
