"""Reading a topic from outside, as any consumer sees it."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiokafka
import pytest

from contento.contracts.topics import TOPICS, TopicName

DEADLINE_S = 120.0


async def read_topic(kafka: str, prefix: str, name: TopicName, enough: Callable[[list[Any]], bool]) -> list[Any]:
    """Return a topic's records from its beginning once they are enough, each partition's in order."""
    consumer: Any = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=kafka, fetch_max_wait_ms=100, max_partition_fetch_bytes=16 * 1024 * 1024
    )
    await consumer.start()
    records: list[Any] = []
    try:
        topic = TOPICS[name]
        partitions = [aiokafka.TopicPartition(topic.full_name(prefix), n) for n in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async with asyncio.timeout(DEADLINE_S):
            while not enough(records):
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    records += batch
    except TimeoutError:
        pytest.fail(f"{len(records)} records of {name} after {DEADLINE_S} s are not enough")
    finally:
        await consumer.stop()
    return records
