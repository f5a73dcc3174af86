import asyncio
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contento.contracts.topics import TOPICS
from contento.local.stack import Stack
from contento.local.topics import TopicsUnavailable, create_topics, list_topics


async def test_topics_are_created_once(stack: Stack) -> None:
    prefix = f"t{uuid.uuid4().hex[:6]}"
    assert {topic.state for topic in await list_topics(stack.kafka, prefix=prefix)} == {"missing"}
    created = await create_topics(stack.kafka, prefix=prefix)
    assert [topic.name for topic in created] == [topic.full_name(prefix) for topic in TOPICS.values()]
    assert {topic.state for topic in created} == {"created"}
    assert {topic.state for topic in await create_topics(stack.kafka, prefix=prefix)} == {"exists"}
    assert {topic.state for topic in await list_topics(stack.kafka, prefix=prefix)} == {"exists"}


async def test_a_topic_that_differs_is_named_and_left_alone(stack: Stack) -> None:
    prefix = f"t{uuid.uuid4().hex[:6]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    config = {**TOPICS["events"].config, "retention.ms": "1000"}
    await admin.create_topics([NewTopic(f"{prefix}.events", 2, 1, topic_configs=config)])
    await admin.close()
    for states in (await create_topics(stack.kafka, prefix=prefix), await list_topics(stack.kafka, prefix=prefix)):
        events = next(topic for topic in states if topic.name == f"{prefix}.events")
        assert events.state == "differs"
        assert events.differences == (
            "partitions: expected 4, found 2",
            "retention.ms: expected 604800000, found 1000",
        )
        assert {topic.state for topic in states if topic is not events} <= {"created", "exists"}


async def test_two_creations_at_once_agree(stack: Stack) -> None:
    prefix = f"t{uuid.uuid4().hex[:6]}"
    answers = await asyncio.gather(*(create_topics(stack.kafka, prefix=prefix) for _ in range(3)))
    assert {topic.state for states in answers for topic in states} <= {"created", "exists"}
    for index in range(len(TOPICS)):
        assert sum(states[index].state == "created" for states in answers) == 1


@pytest.mark.kafka
async def test_a_refusal_says_why(kafka_stack: Stack) -> None:
    with pytest.raises(TopicsUnavailable, match=r"refused to create the topic .*eplication.*as many brokers as"):
        await create_topics(kafka_stack.kafka, prefix="refused", replication_factor=3)


async def test_no_broker_says_so() -> None:
    with pytest.raises(TopicsUnavailable, match=r"No Kafka broker answers at 127\.0\.0\.1:1 .*contento up"):
        await list_topics("127.0.0.1:1")
