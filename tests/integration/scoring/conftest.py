"""Scorers under test, and what can be seen of them from outside."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import redis as redis_py

from contento.local.service import Service
from contento.local.stack import Stack, StackOptions
from contento.model.store import default_store

RunScorer = Callable[..., AbstractContextManager[Service]]


@pytest.fixture(scope="session")
def triton(tmp_path_factory: pytest.TempPathFactory, embedded_stack: Stack) -> Iterator[str]:
    """The gRPC address of a Triton with the bundle that comes with the package."""
    options = StackOptions(
        directory=tmp_path_factory.mktemp("triton"),
        kafka=embedded_stack.kafka,
        redis=embedded_stack.redis,
        inference="triton",
        bundles=default_store(),
    )
    with Stack(options) as stack:
        assert stack.triton is not None
        yield stack.triton


@pytest.fixture
def run_scorer(triton: str) -> RunScorer:
    """Runs a supervised scorer on a stack, under a prefix of its own for topics, keys and group."""

    @contextmanager
    def run(stack: Stack, prefix: str, name: str = "") -> Iterator[Service]:
        name = name or prefix
        environment = {
            "CONTENTO_TOPIC_PREFIX": prefix,
            "CONTENTO_REDIS_PREFIX": prefix,
            "CONTENTO_GROUP": prefix,
            # A worker's own slot: its successor takes over at once. The embedded broker makes static members wait.
            "CONTENTO_INSTANCE": name if stack.options.kafka_home else "",
            "CONTENTO_SESSION_TIMEOUT_S": "2",
            "CONTENTO_INFERENCE": "triton",
            "CONTENTO_TRITON": triton,
            "CONTENTO_BATCH_EVENTS": "64",  # more batches, more moments between them
        }
        service = stack.add_process(name, [sys.executable, "-m", "contento", "scorer"], environment)
        try:
            yield service
        finally:
            service.stop()

    return run


@pytest.fixture
def redis_of(stack: Stack) -> Iterator[Any]:
    """A client of the stack's Redis."""
    with redis_py.Redis.from_url(stack.redis) as client:
        yield client
