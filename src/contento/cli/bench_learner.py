"""`contento bench learner`: how fast the learner is, and whether its memory stays flat."""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contento.cli.bench_progress import progress

_BARS = "▁▂▃▄▅▆▇█"


def learner(
    feedbacks: Annotated[int, typer.Option("--feedbacks", min=1000, help="Feedbacks to learn from.")] = 50_000,
    users: Annotated[int, typer.Option("--users", min=1, help="Users that there are.")] = 20_000,
    items: Annotated[int, typer.Option("--items", min=1, help="Items that there are.")] = 5_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the log.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one object, on the last line.")] = False,
) -> None:
    """Feed made-up scores and feedback, late, doubled and orphaned, through the learner without Kafka and Redis."""
    from contento.bench.learner import bench_learner

    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="contento-bench-") as folder, progress(console) as report:
        figures = bench_learner(Path(folder), feedbacks=feedbacks, users=users, items=items, seed=seed, report=report)
    table = Table(show_header=False)
    table.add_row("feedbacks", f"{figures.feedbacks:,}, each with its score, in {figures.seconds:.0f} s")
    table.add_row("speed", f"{figures.per_second:,.0f} feedbacks a second of CPU time")
    table.add_row("outcomes", ", ".join(f"{name} {count:,}" for name, count in figures.outcomes.items()))
    table.add_row("alerts", f"{figures.alerts}")
    table.add_row("memory", f"{figures.memory_mb[-1]:.0f} MB  {_drawn(figures.memory_mb)}")
    table.add_row("", f"{figures.growth_mb:+.1f} MB since a third was done")
    table.add_row("store", f"{figures.store_mb:.0f} MB")
    console.print(table)
    if as_json:
        found = dataclasses.asdict(figures) | {"growth_mb": figures.growth_mb}
        typer.echo(json.dumps(found))


def _drawn(values: list[float]) -> str:
    """Return values as a line of bars, from 0 to the largest."""
    most = max(values)
    return "".join(_BARS[min(int(value / most * (len(_BARS) - 1) + 0.5), len(_BARS) - 1)] for value in values)
