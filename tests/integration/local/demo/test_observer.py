import time
import uuid
from collections import Counter

import pytest

from contento.contracts import headers
from contento.contracts.messages import Score
from contento.eventlog.feed import Feeder
from contento.local.demo.observer import Observer
from contento.local.stack import Stack
from contento.local.topics import create_topics

DEADLINE_S = 30.0


async def scored(feeder: Feeder, *ids: str, bundle: str = "bundle-1") -> None:
    for event_id in ids:
        await feeder.send("scores", f"user of {event_id}", Score(event_id=event_id, bundle=bundle))
    await feeder.flush()


async def test_it_counts_scores_repeats_and_dead_letters_by_code(stack: Stack, prefix: str) -> None:
    observer = Observer(stack.kafka, prefix, from_beginning=True)
    async with Feeder(stack.kafka, prefix) as feeder:
        await scored(feeder, "e1", "e2")  # before it looks
        await observer.start()
        try:
            assert await observer.wait(lambda: len(observer.scored) == 2, DEADLINE_S)
            first = observer.first_score_at
            await scored(feeder, "e1", "e3", "e1", bundle="bundle-2")
            for code in (b"missing", b"missing", b"too_large"):
                await feeder.send_raw("dlq", b"u", b"junk", [(headers.ERROR_CODE, code)])
            await feeder.send_raw("dlq", None, b"")
            await feeder.flush()
            assert await observer.wait(lambda: observer.finished == 7 and observer.repeated == 2, DEADLINE_S)
            assert observer.scored == {"e1", "e2", "e3"}
            assert observer.dead_letters == Counter({"missing": 2, "too_large": 1, "?": 1})
            assert observer.bundles == Counter({"bundle-1": 2, "bundle-2": 1})
            assert observer.last is not None
            assert observer.first_score_at == first is not None
            assert observer.last_score_at is not None
            assert observer.last_score_at > (first or 0)
        finally:
            await observer.close()


@pytest.mark.kafka
async def test_it_can_begin_at_the_end(kafka_stack: Stack) -> None:
    """On Apache Kafka alone: the embedded broker says that a partition ends within its last batch."""
    stack, prefix = kafka_stack, f"end-{uuid.uuid4().hex[:8]}"
    await create_topics(stack.kafka, prefix=prefix)
    async with Feeder(stack.kafka, prefix) as feeder:
        await scored(feeder, *(f"old {n}" for n in range(20)))
        observer = Observer(stack.kafka, prefix, from_beginning=False)
        await observer.start()
        try:
            await scored(feeder, *(f"new {n}" for n in range(20)))
            assert await observer.wait(lambda: observer.finished >= 20, DEADLINE_S)
            assert observer.scored == {f"new {n}" for n in range(20)}
        finally:
            await observer.close()


async def test_waiting_in_vain_ends_in_time(stack: Stack, prefix: str) -> None:
    observer = Observer(stack.kafka, prefix, from_beginning=True)
    await observer.start()
    try:
        began = time.monotonic()
        assert not await observer.wait(lambda: observer.finished > 0, 0.3)
        assert time.monotonic() - began >= 0.3
    finally:
        await observer.close()


async def test_closing_what_never_started_is_fine() -> None:
    await Observer("127.0.0.1:1", "absent", from_beginning=True).close()
