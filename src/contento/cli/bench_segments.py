"""`contento bench segments`: do segments find the groups that a simulated world has, and do users keep theirs?"""

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from contento.cli.bench_progress import progress
from contento.cli.bundle_option import BundleOption, StoreOption, open_bundle

if TYPE_CHECKING:  # loads scikit-learn, which takes a second
    from contento.bench.segments import SegmentsFigures

_DATA: Final = "simulated:steady?events=60000"


def segments(
    data: Annotated[
        str, typer.Option("--data", help="Data, KIND:PATH; a simulated world knows its user groups.")
    ] = _DATA,
    bundles: StoreOption = None,
    bundle: BundleOption = None,
    other: Annotated[
        str, typer.Option("--other", help="Directory of another bundle, which scores the last quarter of the log.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")
    ] = False,
) -> None:
    """Score a log, segment its users, and compare: with planted groups, after a restart, with another bundle."""
    from pathlib import Path

    from contento.bench.scores import scores_of
    from contento.bench.segments import bench_segments
    from contento.simulate.source import SimulatedSource
    from contento.training.readers import open_source

    console = Console(stderr=as_json)
    serving = open_bundle(bundles, bundle)
    second = open_bundle(None, Path(other)) if other else None
    source = open_source(data)
    groups = {item.item_id: item.categories[0] for item in source.items() if item.categories}
    with progress(console) as report:
        scores = list(scores_of(source, serving, advance=_adding(report, "scoring", source.size)))
        others = None
        if second is not None:
            others = list(scores_of(source, second, advance=_adding(report, "scoring, other", source.size)))
        figures = bench_segments(
            scores,
            source.truth.groups if isinstance(source, SimulatedSource) else {},
            other=others,
            item_group_of=lambda item: groups.get(item, ""),
            report=report,
        )
    _print(console, figures, data)
    if as_json:
        head = {"data": data, "bundle": serving.hash, "other": second.hash if second else None}
        typer.echo(json.dumps({**head, **dataclasses.asdict(figures)}))


def _print(console: Console, figures: "SegmentsFigures", data: str) -> None:
    agreement = Table(
        title=f"{data}: {figures.scores} scores, {figures.users} users, {figures.groups} groups planted, "
        f"{figures.segments} segments found",
        title_justify="left", box=None, pad_edge=False, header_style="dim",
    )  # fmt: skip
    for name in ("events at least", "users", "ARI", "representation alone: ARI", "probe"):
        agreement.add_column(name, justify="right")
    for each in figures.agreement:
        agreement.add_row(
            str(each.least_events),
            str(each.users),
            f"{each.ari:.3f}",
            f"{each.representation_ari:.3f}",
            f"{each.representation_probe:.3f}",
        )
    console.print(agreement)
    changes = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("another bundle", "users", "kept", "kept at the end", "as without it", "segments"):
        changes.add_column(name, justify="left" if name.endswith("bundle") else "right")
    for change in figures.bundle_changes:
        changes.add_row(
            change.kind,
            str(change.users),
            f"{change.kept:.3f}",
            f"{change.kept_end:.3f}",
            f"{change.as_without:.3f}",
            str(change.segments),
        )
    console.print(changes)
    console.print(f"the same after a restart: {'yes' if figures.same_after_restart else 'no'}")
    console.print(
        f"{figures.median_microseconds:.0f} µs a score, {figures.microseconds:.0f} with fits, "
        f"the longest {figures.longest_ms:.0f} ms; "
        f"state {figures.state_bytes / 2**20:.1f} MiB"
    )
    for name, words in figures.descriptions.items():
        console.print(f"[bold]{name}[/bold] {words}", soft_wrap=True)


def _adding(report: Callable[[str, int, int], None], stage: str, total: int | None) -> Callable[[int], None]:
    """Return what is told how many more are done of a stage."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        report(stage, done, total or done)

    return advance
