"""`contento doctor`: checks each part and says what to do about what it finds."""

import asyncio
import dataclasses
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from contento.cli.connection import DirectoryOption, find_directory
from contento.cli.topics import kafka_connection
from contento.inference.base import Inference
from contento.local import checks
from contento.local.checks import Check
from contento.local.running import running_environment
from contento.model.store import default_store
from contento.scoring.settings import ScorerSettings

_MARKS = {"ok": "[green]✓[/]", "wrong": "[bold red]✗[/]", "skipped": "[dim]·[/]"}


def doctor(
    directory: DirectoryOption = None,
    kafka_home: Annotated[Path | None, typer.Option(envvar="KAFKA_HOME", help="Release of Apache Kafka.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check each part and say what to do; exit status 1 on a fault.

    Looks at the stack that runs in the folder, and at the addresses in CONTENTO_KAFKA, CONTENTO_REDIS and
    CONTENTO_TRITON, which go before it.
    """
    done = []
    for check in _checks(find_directory(directory), kafka_home):
        done.append(check)
        if not as_json:
            Console(soft_wrap=True).print(_line(check), highlight=False)
    failed = [check for check in done if check.state == "wrong"]
    if as_json:
        typer.echo(json.dumps({"ok": not failed, "checks": [dataclasses.asdict(check) for check in done]}))
    if failed:
        raise typer.Exit(1)


def _checks(directory: Path, kafka_home: Path | None) -> Iterator[Check]:
    running = running_environment(directory)
    given = {**(running or {}), **{name: value for name, value in os.environ.items() if value}}
    settings = _settings(given)
    yield checks.check_python()
    yield checks.check_packages()
    yield checks.check_servers()
    yield checks.check_kafka_home(kafka_home, os.environ.get("JAVA_HOME"))
    yield checks.check_triton_environment()
    yield checks.check_disk(directory.absolute())
    yield checks.check_ports(directory, running=running is not None)
    yield checks.check_bundles(settings.bundles or default_store())

    nothing = f"no stack runs in {directory}, and no address is given: `contento up` starts one"
    if "CONTENTO_KAFKA" in given:
        connection = kafka_connection(settings)
        yield asyncio.run(checks.check_topics(settings.kafka, settings.topic_prefix, connection))
    else:
        yield checks.skipped("kafka", nothing)
    if "CONTENTO_REDIS" in given:
        yield checks.check_redis(settings.redis.get_secret_value())
    else:
        yield checks.skipped("redis", nothing)
    if given.get("CONTENTO_INFERENCE") == "in-process":
        yield asyncio.run(_check_in_process(settings))
    elif "CONTENTO_TRITON" in given:
        yield asyncio.run(_check_triton(settings))
    else:
        yield checks.skipped("model", nothing)


def _settings(given: dict[str, str]) -> ScorerSettings:
    """Return the settings that these variables say."""
    fields = {
        name: given[f"CONTENTO_{name.upper()}"]
        for name in ScorerSettings.model_fields
        if f"CONTENTO_{name.upper()}" in given
    }
    values: dict[str, Any] = {name: value for name, value in fields.items() if value}
    return ScorerSettings(**values)


async def _check_triton(settings: ScorerSettings) -> Check:
    async def connect() -> Inference:
        from contento.inference.triton.client import TritonInference

        return TritonInference(settings.triton)

    return await _check_model(f"Triton at {settings.triton}", connect, "see Triton's log, or correct CONTENTO_TRITON")


async def _check_in_process(settings: ScorerSettings) -> Check:
    async def load() -> Inference:
        from contento.inference.in_process import InProcessInference

        return await InProcessInference.open(
            settings.bundles or default_store(), arithmetic=settings.encoder_arithmetic, cache=settings.cache
        )

    return await _check_model("the model in process", load, "give a whole bundle store (CONTENTO_BUNDLES)")


async def _check_model(where: str, open_model: Callable[[], Awaitable[Inference]], advice: str) -> Check:
    return await checks.check_inference("model", where, open_model, advice)


def _line(check: Check) -> str:
    line = f"{_MARKS[check.state]} {check.name:<19}{escape(check.found)}"
    return f"{line}\n  [yellow]→ {escape(check.advice)}[/]" if check.advice else line
