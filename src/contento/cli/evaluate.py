"""`contento evaluate`: how good the scores are, beside what others would give."""

import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from contento.training.evaluation.report import Evaluated

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure scores beside baselines.")

_Data = Annotated[str, typer.Option("--data", help="Data with ratings or labels, KIND:PATH, e.g. movielens-100k:DIR.")]
_Bundle = Annotated[
    Path | None, typer.Option("--bundle", help="Judge this bundle, or what a bundle store serves, frozen.")
]
_Groups = Annotated[
    str, typer.Option("--groups", help="Compare groups: attributes of events, or item, joined by commas.")
]
_Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Read only the first N events.")]
_Seed = Annotated[int, typer.Option("--seed", help="Of everything random.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")]


@app.command()
def prequential(
    data: _Data,
    bundle: _Bundle = None,
    groups: _Groups = "",
    limit: _Limit = None,
    seed: _Seed = 0,
    as_json: _AsJson = False,
) -> None:
    """Predict, judge, then learn each rating, in the order of the data."""
    from contento.cli.evaluate_view import progress, show
    from contento.training.evaluation.prequential import (
        PrequentialOptions,
        evaluate_prequential,
    )
    from contento.training.readers import open_source

    start = perf_counter()
    console = Console(stderr=as_json)
    options = PrequentialOptions(bundle=bundle, groups=_names(groups), limit=limit, seed=seed)
    with progress(console) as report:
        evaluated = evaluate_prequential(open_source(data), options, report)
    show(console, f"{data}: {evaluated.judged} answers, each predicted before it is learned", evaluated.models)
    if as_json:
        _print_json(data, evaluated, start)


@app.command()
def static(
    data: _Data,
    split: Annotated[
        str,
        typer.Option("--split", help="chronological:0.8, random:0.8, or TRAIN,TEST: two files in the data's folder."),
    ] = "chronological:0.8",
    bundle: _Bundle = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Bundle store that keeps the network trained here; resumable there.")
    ] = None,
    groups: _Groups = "",
    limit: _Limit = None,
    seed: _Seed = 0,
    as_json: _AsJson = False,
) -> None:
    """Learn one part of the data, then predict the other."""
    from contento.cli.evaluate_view import progress, show
    from contento.training.evaluation.static import StaticOptions, evaluate_static
    from contento.training.readers import open_source
    from contento.training.readers.specification import parse

    start = perf_counter()
    console = Console(stderr=as_json)
    options = StaticOptions(
        split=split,
        folder=Path(parse(data).path),
        bundle=bundle,
        out=out,
        groups=_names(groups),
        limit=limit,
        seed=seed,
    )
    with progress(console) as report:
        evaluated = evaluate_static(open_source(data), options, report)
    title = f"{data}, {split}: {evaluated.learned} answers learned, {evaluated.judged} predicted"
    show(console, title, evaluated.models)
    if as_json:
        _print_json(data, evaluated, start)


def _names(groups: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in groups.split(",") if name.strip())


def _print_json(data: str, evaluated: "Evaluated", start: float) -> None:
    seconds = round(perf_counter() - start, 3)
    typer.echo(json.dumps({"data": data, "n": evaluated.judged, "seconds": seconds, **evaluated.models}))
