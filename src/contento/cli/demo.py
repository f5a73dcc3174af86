"""`contento demo`: the embedded stack, a log fed through it, and a live view."""

import asyncio
import json
import shutil
import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from contento.cli.demo_view import DemoView, summary_panel
from contento.cli.start import (
    BundlesOption,
    InferenceOption,
    KafkaHomeOption,
    KafkaOption,
    RedisOption,
    TritonOption,
    started,
)
from contento.local.demo.run import Demo, Snapshot, demo_directory
from contento.local.running import StackUnavailable, running_environment
from contento.training.readers import open_source

SHOWN_PER_SECOND = 250.0
"""Pace of the live view, so that a person sees scores move; `--once` is as fast as the scorer."""
REFRESHES_PER_SECOND = 4


def demo(
    data: Annotated[
        str, typer.Option(metavar="KIND:PATH", help="Data set to feed, e.g. rees46:events.csv.gz.")
    ] = "simulated:steady?events=5000",
    limit: Annotated[int | None, typer.Option(min=1, help="Feed only this many events.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Events a second [default: 250 for the live view, else the fastest].")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when every event has its score.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, on the last line.")] = False,
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    triton: TritonOption = None,
    kafka_home: KafkaHomeOption = None,
    inference: InferenceOption = "auto",
    bundles: BundlesOption = None,
    directory: Annotated[Path | None, typer.Option(help="Where data and logs go, emptied first.")] = None,
) -> None:
    """Start everything, feed a log through it, show scores live."""
    began = time.monotonic()
    console = Console()
    source = open_source(data)
    folder = directory or demo_directory()
    _empty(folder)
    live = console.is_terminal and not once
    with started(
        console,
        directory=folder,
        kafka=kafka,
        redis=redis,
        triton=triton,
        kafka_home=kafka_home,
        inference=inference,
        bundles=bundles,
    ) as stack:
        running = Demo(stack, source, limit=limit, per_second=rate or (SHOWN_PER_SECOND if live else None))
        shown = _watch(console, running, title=data, total=_total(source.size, limit), began=began)
        console.print(summary_panel(shown))
        if live:
            _wait_for_interrupt(console, shown)
    if as_json:
        # The last line, and not through rich, which would fold it at the terminal's width.
        print(json.dumps(shown.summary()), flush=True)  # noqa: T201


def _empty(folder: Path) -> None:
    """Remove what an earlier demo left; nothing else.

    Raises:
        StackUnavailable: A demo runs there, or the folder is not one of a demo.
    """
    if running_environment(folder) is not None:
        raise StackUnavailable(f"a demo runs in {folder} already: stop it, or give another folder with --directory")
    if folder.exists() and any(folder.iterdir()) and not (folder / "ports.json").exists():
        raise StackUnavailable(f"{folder} holds something that no demo made: give another folder with --directory")
    shutil.rmtree(folder, ignore_errors=True)


def _total(size: int | None, limit: int | None) -> int | None:
    return min(size, limit) if size is not None and limit is not None else limit or size


def _watch(console: Console, running: Demo, *, title: str, total: int | None, began: float) -> Snapshot:
    view = DemoView(title, total)
    # A log file gets no redrawn screens: only a terminal does.
    if not console.is_terminal:
        return asyncio.run(running.run(lambda _: None, began=began))
    with Live(
        view.draw(running.snapshot), console=console, refresh_per_second=REFRESHES_PER_SECOND, transient=False
    ) as screen:
        return asyncio.run(running.run(lambda shown: screen.update(view.draw(shown)), began=began))


def _wait_for_interrupt(console: Console, shown: Snapshot) -> None:
    user = shown.at_risk[0][0] if shown.at_risk else "USER"
    console.print(
        f"The stack still runs: ask it from another terminal, e.g. [bold]contento score --user {user}[/] or "
        "[bold]contento users --at-risk[/]. Ctrl-C stops everything.",
        highlight=False,
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")
