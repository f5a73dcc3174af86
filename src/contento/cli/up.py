"""`contento up`: the embedded stack and a scorer, in the foreground."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contento.cli.topics import kafka_connection
from contento.local.redis_server import without_password
from contento.local.scorer_process import add_scorer
from contento.local.stack import InferenceChoice, Part, Stack, StackOptions
from contento.local.triton_environment import find_environment, why_no_triton
from contento.scoring.settings import ScorerSettings

WATCH_S = 0.2

Directory = Annotated[Path, typer.Option(help="Where each service has its folder, for data and log.")]


def up(  # noqa: PLR0917 - the command's options
    kafka: Annotated[str, typer.Option(help="Bootstrap servers of a broker that runs already.")] = "",
    redis: Annotated[str, typer.Option(help="URL of a Redis that runs already.")] = "",
    triton: Annotated[str, typer.Option(help="host:port of a Triton's gRPC endpoint that runs already.")] = "",
    kafka_home: Annotated[
        Path | None,
        typer.Option(envvar="KAFKA_HOME", help="Unpacked release of Apache Kafka 4 to start: durable; needs Java 17."),
    ] = None,
    inference: Annotated[
        InferenceChoice, typer.Option(help="Where the model runs; auto: in Triton where this platform has it.")
    ] = "auto",
    directory: Directory = Path(".contento"),
    topic_prefix: Annotated[str, typer.Option(help="First part of the topics' names.")] = "contento",
    bundles: Annotated[Path | None, typer.Option(help="Bundle store; otherwise the package's trained bundle.")] = None,
) -> None:
    """Start broker, Redis, Triton and a scorer; watch and restart them; stop all of it on Ctrl-C.

    Any of the three servers can be an address you give instead.
    """
    console = Console()
    options = StackOptions(
        directory=directory,
        kafka=kafka or None,
        kafka_connection=kafka_connection(ScorerSettings()) if kafka else {},
        redis=redis or None,
        triton=triton or None,
        kafka_home=kafka_home,
        java_home=os.environ.get("JAVA_HOME"),
        inference=inference,
        bundles=bundles,
        topic_prefix=topic_prefix,
    )
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    began = time.monotonic()
    if options.triton is None and inference != "in-process" and why_no_triton() is None and find_environment() is None:
        console.print("Installing Triton's own environment (75 MB, once) …")
    console.print(f"Starting in {directory.absolute()} …", highlight=False)

    def show(part: Part) -> None:
        console.print(f"  [green]✓[/] {part.name:<8}{escape(_shown(part))}", highlight=False)

    with suppress(KeyboardInterrupt), Stack(options, on_ready=show) as stack:
        add_scorer(stack)
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


def _shown(part: Part) -> str:
    return f"{part.what}  {without_password(part.address)}".rstrip()


def _relative(path: Path) -> str:
    """Return the path as it is shortest to type from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
