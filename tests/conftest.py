"""Servers for tests, started once a session: `embedded_stack`, `kafka_stack`, and `stack`, which is each in turn."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from contento.local.stack import Stack, StackOptions
from contento.local.topics import create_topics_now

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Beside the repository: real data sets, a real Kafka, tools. Tests that need them skip where they are absent."""


@pytest.fixture(scope="session")
def embedded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded broker and Redis."""
    with Stack(StackOptions(directory=tmp_path_factory.mktemp("embedded"), inference="in-process")) as stack:
        yield stack


@pytest.fixture(scope="session")
def kafka_home() -> Path:
    """An unpacked release of Apache Kafka."""
    home = SHARED / "kafka"
    if not (home / "libs").is_dir():
        pytest.skip("no Apache Kafka release in ../shared/kafka")
    if shutil.which("java") is None:
        pytest.skip("no Java for Apache Kafka")
    return home


@pytest.fixture(scope="session")
def kafka_stack(tmp_path_factory: pytest.TempPathFactory, kafka_home: Path) -> Iterator[Stack]:
    """A real Apache Kafka and Redis."""
    options = StackOptions(directory=tmp_path_factory.mktemp("kafka"), kafka_home=kafka_home, inference="in-process")
    with Stack(options) as stack:
        yield stack


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("kafka", marks=pytest.mark.kafka)]
)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each of the two stacks: the test runs on both."""
    started: Stack = request.getfixturevalue(f"{request.param}_stack")
    return started


@pytest.fixture
def prefix(stack: Stack) -> str:
    """A prefix of this test's own, for topics, which are there, and for Redis keys."""
    made = f"test-{uuid.uuid4().hex[:8]}"
    create_topics_now(stack.kafka, prefix=made)
    return made
