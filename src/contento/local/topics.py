"""Creates the registry's topics on a broker, and compares what is there with the registry."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contento.contracts.errors import ContentoError
from contento.contracts.topics import TOPICS, Topic

NOTHING_MORE: Final[Mapping[str, Any]] = MappingProxyType({})
REQUEST_TIMEOUT_MS = 15_000
"""Creating seven topics takes a three-broker cluster under two seconds; the rest is for a busy one."""


class TopicsUnavailable(ContentoError):
    """The broker does not answer, or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """How a topic of the registry stands on a broker.

    Attributes:
        topic: The registry's entry.
        name: Its name on the broker, with the prefix.
        state: `created` by this call, `exists` as it should, `differs`, or `missing`.
        differences: For `differs`: what is expected and what is found, a line each.
    """

    topic: Topic
    name: str
    state: Literal["created", "exists", "differs", "missing"]
    differences: tuple[str, ...] = ()


async def create_topics(
    bootstrap_servers: str,
    *,
    prefix: str = "contento",
    replication_factor: int = 1,
    connection: Mapping[str, Any] = NOTHING_MORE,
) -> tuple[TopicState, ...]:
    """Create the topics that are missing. What exists is compared and left as it is.

    Args:
        bootstrap_servers: `host:port,...`.
        prefix: First part of the topics' names.
        replication_factor: Copies of each new topic: 3 in production.
        connection: What else an aiokafka client needs, such as credentials.

    Raises:
        TopicsUnavailable: The broker does not answer or refuses to create a topic.
    """
    admin = await _connect(bootstrap_servers, connection)
    try:
        before = await _states(admin, prefix)
        missing = {state.name: state.topic for state in before if state.state == "missing"}
        if not missing:
            return before
        answer = await admin.create_topics(
            [
                NewTopic(name, topic.partitions, replication_factor, topic_configs=topic.config)
                for name, topic in missing.items()
            ],
            timeout_ms=REQUEST_TIMEOUT_MS,
        )
        created = {name for name, code, *message in answer.topic_errors if _was_created(name, code, message)}
        after = await _states_once_known(admin, prefix)
    except (KafkaError, OSError) as error:
        raise TopicsUnavailable(_unavailable(bootstrap_servers, error)) from error
    finally:
        await admin.close()
    return tuple(
        TopicState(topic=state.topic, name=state.name, state="created") if state.name in created else state
        for state in after
    )


async def list_topics(
    bootstrap_servers: str, *, prefix: str = "contento", connection: Mapping[str, Any] = NOTHING_MORE
) -> tuple[TopicState, ...]:
    """Compare the broker's topics with the registry; the arguments are those of `create_topics`.

    Raises:
        TopicsUnavailable: The broker does not answer.
    """
    admin = await _connect(bootstrap_servers, connection)
    try:
        return await _states(admin, prefix)
    except (KafkaError, OSError) as error:
        raise TopicsUnavailable(_unavailable(bootstrap_servers, error)) from error
    finally:
        await admin.close()


async def _connect(bootstrap_servers: str, connection: Mapping[str, Any]) -> AIOKafkaAdminClient:
    settings = {"request_timeout_ms": REQUEST_TIMEOUT_MS, **connection, "bootstrap_servers": bootstrap_servers}
    admin = AIOKafkaAdminClient(**settings)
    try:
        await admin.start()
    except (KafkaError, OSError, ValueError) as error:  # ValueError: an address that is none
        await admin.close()
        raise TopicsUnavailable(_unavailable(bootstrap_servers, error)) from error
    return admin


async def _states(admin: AIOKafkaAdminClient, prefix: str) -> tuple[TopicState, ...]:
    # All topics, not ours by name: a broker that creates topics by itself would create what is asked about.
    partitions = {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics()}
    ours = {topic.full_name(prefix): topic for topic in TOPICS.values()}
    configs = await _configs(admin, partitions.keys() & ours.keys())
    return tuple(_compare(name, topic, partitions.get(name), configs.get(name, {})) for name, topic in ours.items())


async def _states_once_known(admin: AIOKafkaAdminClient, prefix: str) -> tuple[TopicState, ...]:
    """Wait until the broker tells of every topic: it does so a little after it has made one."""
    deadline = asyncio.get_running_loop().time() + REQUEST_TIMEOUT_MS / 1000
    while True:
        states = await _states(admin, prefix)
        if all(state.state != "missing" for state in states) or asyncio.get_running_loop().time() > deadline:
            return states
        await asyncio.sleep(0.02)


async def _configs(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(names)]
    if not resources:
        return {}
    return {
        name: {key: value for key, value, *_ in entries}
        for answer in await admin.describe_configs(resources)
        for _code, _message, _kind, name, entries in answer.resources
    }


def _compare(name: str, topic: Topic, partitions: int | None, config: dict[str, str]) -> TopicState:
    if partitions is None:
        return TopicState(topic=topic, name=name, state="missing")
    differences = (
        [] if partitions == topic.partitions else [f"partitions: expected {topic.partitions}, found {partitions}"]
    )
    differences += [
        f"{key}: expected {expected}, found {config.get(key, 'nothing')}"
        for key, expected in topic.config.items()
        if config.get(key) != expected
    ]
    return TopicState(
        topic=topic, name=name, state="differs" if differences else "exists", differences=tuple(differences)
    )


def _was_created(name: str, code: int, message: list[Any]) -> bool:
    if code == 0:
        return True
    if code == TopicAlreadyExistsError.errno:  # someone else created it meanwhile
        return False
    reason = next((text for text in message if text), for_code(code).__name__)
    raise TopicsUnavailable(
        f"The broker refused to create the topic {name}: {reason}. "
        "Check the user's right to create topics and that there are as many brokers as --replication-factor asks for"
    )


def _unavailable(bootstrap_servers: str, error: BaseException) -> str:
    return (
        f"No Kafka broker answers at {bootstrap_servers} ({type(error).__name__}: {error}): "
        "start one with `contento up`, or correct --kafka (CONTENTO_KAFKA)"
    )


def create_topics_now(bootstrap_servers: str, *, prefix: str = "contento") -> tuple[TopicState, ...]:
    """Create the topics, for callers without an event loop."""
    return asyncio.run(create_topics(bootstrap_servers, prefix=prefix))
