"""`contento simulate`: write the log of a simulated world."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from contento.contracts.messages import Feedback, UserEvent
from contento.eventlog.writing import LogWriter
from contento.simulate.scenarios import SCENARIOS
from contento.simulate.source import SimulatedSource
from contento.simulate.truth import PlantedDrift

_PROGRESS_EVERY: Final = 500
"""Events between two moves of the bar: about a hundred a second."""


def simulate(
    scenario: Annotated[str, typer.Argument(help=f"One of {', '.join(SCENARIOS)}.")] = "steady",
    *,
    out: Annotated[Path, typer.Option(help="The log to write; .gz and .zst are compressed.")] = Path(
        "simulated.jsonl.zst"
    ),
    events: Annotated[int | None, typer.Option(help="Number of events  [default: 20000]", min=1)] = None,
    users: Annotated[int | None, typer.Option(help="Number of users  [default: 500]", min=1)] = None,
    items: Annotated[int | None, typer.Option(help="Number of items  [default: 200]", min=16)] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another world  [default: 7]", min=0)] = None,
    days: Annotated[int | None, typer.Option(help="How long it lasts, about  [default: 14]", min=1)] = None,
    drifts: Annotated[
        str | None, typer.Option(help="KIND@START[-END], fractions of the time, joined by commas; not the scenario's.")
    ] = None,
) -> None:
    """Write the event log of a simulated shop.

    The same scenario, options and seed give the same bytes. Read it with --data log:FILE.
    """
    given = {"events": events, "users": users, "items": items, "seed": seed, "days": days, "drifts": drifts}
    options = {name: str(value) for name, value in given.items() if value is not None}
    query = "&".join(f"{name}={value}" for name, value in options.items())
    source = SimulatedSource(f"simulated:{scenario}" + (f"?{query}" if query else ""), scenario, options)
    types: Counter[str] = Counter()
    feedback: Counter[str] = Counter()
    with LogWriter(out) as log:
        for item in source.items():
            log.append(item)
        for record in _with_progress(source):
            log.append(record)
            if isinstance(record, UserEvent):
                types[record.type] += 1
            else:
                feedback[_kind(record)] += 1
        written = log.records
    console = Console()
    console.print(_counts("Events", types))
    console.print(_counts("Feedback", feedback))
    if source.truth.drifts:
        console.print(_drifts(source.truth.drifts))
    console.print(f"{written} records in {out}", soft_wrap=True)


def _with_progress(source: SimulatedSource) -> Iterator[UserEvent | Feedback]:
    columns = (SpinnerColumn(), TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=source.size)
        events = 0
        for record in source.records():
            yield record
            if isinstance(record, UserEvent):
                events += 1
                if events % _PROGRESS_EVERY == 0:
                    progress.update(task, completed=events)


def _kind(feedback: Feedback) -> str:
    kind = feedback.WhichOneof("kind")
    return f"outcome {feedback.outcome.name}" if kind == "outcome" else str(kind)


def _counts(title: str, counts: Counter[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("type")
    table.add_column("number", justify="right")
    for name, number in counts.most_common():
        table.add_row(name, str(number))
    table.add_row("all", str(counts.total()), style="bold")
    return table


def _drifts(drifts: list[PlantedDrift]) -> Table:
    table = Table(title="Drifts", title_justify="left")
    for column in ("drift", "from (UTC)", "to (UTC)", "whom"):
        table.add_column(column)
    for drift in drifts:
        scope = [f"{len(drift.users)} users"] if drift.users else []
        scope += [f"items {', '.join(sorted(drift.items))}"] if drift.items else []
        scope += [f"segment {drift.segment}"] if drift.segment else []
        scope += [f"{drift.tower} missing"] if drift.tower else []
        table.add_row(drift.kind, _moment(drift.start_ms), _moment(drift.end_ms), "; ".join(scope))
    return table


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "the end"
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M")
