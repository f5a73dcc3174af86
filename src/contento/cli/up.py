"""`contento up`: the embedded stack and a scorer, in the foreground."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contento.cli.start import (
    BundlesOption,
    InferenceOption,
    KafkaHomeOption,
    KafkaOption,
    RedisOption,
    TritonOption,
    started,
)
from contento.local.redis_server import without_password
from contento.local.stack import Stack

WATCH_S = 0.2

Directory = Annotated[Path, typer.Option(help="Where each service has its folder, for data and log.")]


def up(
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    triton: TritonOption = None,
    kafka_home: KafkaHomeOption = None,
    inference: InferenceOption = "auto",
    directory: Directory = Path(".contento"),
    topic_prefix: Annotated[str, typer.Option(help="First part of the topics' names.")] = "contento",
    bundles: BundlesOption = None,
) -> None:
    """Run broker, Redis, Triton, a scorer and a learner until Ctrl-C.

    Any of the three servers can be an address you give instead.
    """
    console = Console()
    began = time.monotonic()
    running = started(
        console,
        directory=directory,
        kafka=kafka,
        redis=redis,
        triton=triton,
        kafka_home=kafka_home,
        inference=inference,
        bundles=bundles,
        topic_prefix=topic_prefix,
    )
    with suppress(KeyboardInterrupt), running as stack:
        console.print(_start_page(stack, time.monotonic() - began))
        _watch(stack, console)
    console.print("Stopped.")


def _start_page(stack: Stack, seconds: float) -> Table:
    """Say what runs where and how to use it."""
    page = Table.grid(padding=(1, 0))
    parts = Table(title=f"Contento runs ({seconds:.0f} s)", title_justify="left", title_style="bold", box=None)
    for column in ("part", "what", "address", "pid"):
        parts.add_column(column, header_style="dim", overflow="fold")
    for part in stack.parts.values():
        pid = str(part.service.pid) if part.service else ""
        parts.add_row(part.name, escape(part.what), escape(without_password(part.address)), pid)
    if stack.triton is None:
        parts.add_row("model", "in the scorer's process, without Triton", "", "")
    page.add_row(parts)
    if stack.triton is None:
        page.add_row(f"Why in process: {escape(stack.why_in_process)}.")
    page.add_row(f"Logs: {escape(_relative(stack.options.directory.absolute()))}/<part>/log")
    topic = escape(f"{stack.options.topic_prefix}.events")
    page.add_row(
        f"Send events to the topic [bold]{topic}[/] at {escape(stack.kafka)}, or a simulated shop's:\n"
        "  contento feed --data simulated:steady\n"
        "Ask in another terminal, from this folder:\n"
        "  contento users --at-risk\n"
        "  contento doctor"
    )
    page.add_row("[dim]Ctrl-C stops everything.[/]")
    return page


def _watch(stack: Stack, console: Console) -> NoReturn:
    """Say when something was restarted, until interrupted."""
    counted = dict.fromkeys(stack.parts, 0)
    while True:
        for name, part in list(stack.parts.items()):
            service = part.service
            if service is not None and service.restarts > counted[name] and service.state == "ready":
                counted[name] = service.restarts
                console.print(
                    f"[yellow]{name} ended and was started again[/] (restart {service.restarts}, "
                    f"pid {service.pid}, log {escape(_relative(service.spec.log))})",
                    highlight=False,
                )
        time.sleep(WATCH_S)


def _relative(path: Path) -> str:
    """Return the path as it is shortest to type from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
