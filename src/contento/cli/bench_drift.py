"""`contento bench drift`: how soon drift is seen, and how often where there is none."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contento.bench.drift import DriftFigures
    from contento.bench.drift_elec2 import Elec2Figures

_ELEC2 = "elec2"


def drift(
    streams: Annotated[
        str, typer.Option("--streams", help="Which, e.g. step,local; elec2 among them [default: all].")
    ] = "",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Streams of each kind.")] = 20,
    detectors: Annotated[
        str, typer.Option("--detectors", help="Which, e.g. ours,ADWIN; KSWIN is the slow one [default: all].")
    ] = "",
    elec2: Annotated[
        Path | None, typer.Option("--elec2", help="The Elec2 data set, elec2.csv or .csv.gz; left out without it.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write a picture, as SVG.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")
    ] = False,
) -> None:
    """Compare our drift monitors with River's detectors, on streams whose drifts are known."""
    from contento.bench.drift import FIRST_SEED, bench_drift, detector_names
    from contento.bench.drift_elec2 import bench_elec2
    from contento.bench.drift_plot import drift_svg
    from contento.bench.drift_streams import STREAMS, read_elec2

    names = _listed(streams, [*STREAMS, _ELEC2], "--streams") or [*STREAMS, _ELEC2]
    chosen = _listed(detectors, detector_names(), "--detectors")
    data = read_elec2(elec2) if elec2 and _ELEC2 in names else None
    console = Console(stderr=as_json)
    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("streams", total=None)
        figures = bench_drift(
            [name for name in names if name != _ELEC2],
            seeds=seeds,
            detectors=chosen,
            report=lambda done, total: progress.update(task, completed=done, total=total),
        )
        real: list[Elec2Figures] = []
        if data:
            other = progress.add_task(_ELEC2, total=None)
            real = bench_elec2(
                data, detectors=chosen, report=lambda done, total: progress.update(other, completed=done, total=total)
            )
    if figures:
        console.print(_table(figures))
    if real:
        console.print(_elec2_table(real, len(data.up) if data else 0))
    elif _ELEC2 in names:
        console.print("elec2: left out; give its file with --elec2", soft_wrap=True)
    if plot:
        plot.write_text(drift_svg(figures), encoding="utf-8")
        console.print(f"picture: {plot}", soft_wrap=True)
    if as_json:
        rows = [dataclasses.asdict(each) for each in figures] + [_elec2_row(each) for each in real]
        typer.echo(json.dumps({"seeds": seeds, "first_seed": FIRST_SEED, "figures": rows}))


def _listed(text: str, known: "Sequence[str]", option: str) -> list[str]:
    names = [each for each in text.split(",") if each]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(known)}", param_hint=option)
    return names


def _table(figures: "Sequence[DriftFigures]") -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption="delay: median, in samples, a missed drift is endless; false: alarms per 100,000 samples",
        caption_justify="left",
    )
    table.add_column("stream", no_wrap=True)
    table.add_column("detector", no_wrap=True)
    for name in ("seeds", "delay", "missed", "false", "F1", "placed", "µs"):
        table.add_column(name, justify="right", no_wrap=True)
    before = ""
    for each in figures:
        if before and each.stream != before:
            table.add_section()
        table.add_row(
            "" if each.stream == before else each.stream,
            each.detector,
            str(each.seeds),
            _shown(each.delay, ".0f"),
            _shown(each.missed, ".0%"),
            f"{each.false_alarms_per_100k:.2f}",
            _shown(each.f1, ".3f"),
            _shown(each.placed or None, ".0%"),
            f"{each.us_per_sample:.0f}" if each.us_per_sample >= 100 else f"{each.us_per_sample:.1f}",
            style="bold" if each.detector.startswith("ours") else "",
        )
        before = each.stream
    return table


def _elec2_table(figures: "Sequence[Elec2Figures]", samples: int) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title_style="",
        title=f"Elec2, {samples:,} half-hours: naive Bayes that starts over at each alarm",
        title_justify="left",
    )
    table.add_column("detector", no_wrap=True)
    for name in ("alarms", "accuracy", "µs"):
        table.add_column(name, justify="right")
    for each in figures:
        style = "bold" if each.detector.startswith("ours") else ""
        table.add_row(each.detector, str(each.alarms), f"{each.accuracy:.3f}", f"{each.us_per_sample:.1f}", style=style)
    return table


def _elec2_row(figures: "Elec2Figures") -> dict[str, Any]:
    """Return the figures with the keys of the other streams; what cannot be known, since no drift is, is null."""
    unknown = dict.fromkeys(("delay", "missed", "false_alarms_per_100k", "f1"))
    return {"stream": _ELEC2, **unknown, **dataclasses.asdict(figures)}


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
