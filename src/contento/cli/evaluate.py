"""`contento evaluate`: how good the ratings are, beside what others would give."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure rating predictions beside baselines.")

_Data = Annotated[str, typer.Option("--data", help="Data with ratings, KIND:PATH, e.g. movielens-100k:DIR.")]
_Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Read only the first N events.")]
_Seed = Annotated[int, typer.Option("--seed", help="Of everything random.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")]


@app.command()
def prequential(data: _Data, limit: _Limit = None, seed: _Seed = 0, as_json: _AsJson = False) -> None:
    """Predict, judge, then learn each rating, in the order of the data."""
    from contento.training.evaluation.prequential import evaluate_prequential  # noqa: PLC0415 - takes a second
    from contento.training.evaluation.ratings import read_ratings  # noqa: PLC0415
    from contento.training.readers import open_source  # noqa: PLC0415

    start = perf_counter()
    console = Console(stderr=as_json)
    with _progress(console) as report:
        ratings = read_ratings(open_source(data), limit, lambda done: report("reading", done, None))
        size = len(ratings.cases)
        report("reading", size, size)
        models = evaluate_prequential(ratings, seed=seed, report=lambda name, done: report(name, done, size))
    _show(console, f"{data}: {size} ratings, each predicted before it is learned", models)
    if as_json:
        _print_json(data, size, start, models)


@app.command()
def static(
    data: _Data,
    split: Annotated[
        str,
        typer.Option("--split", help="chronological:0.8, random:0.8, or TRAIN,TEST: two files in the data's folder."),
    ] = "chronological:0.8",
    limit: _Limit = None,
    seed: _Seed = 0,
    as_json: _AsJson = False,
) -> None:
    """Learn one part of the data, then predict the other."""
    from contento.training.evaluation.ratings import read_ratings  # noqa: PLC0415
    from contento.training.evaluation.splits import split as split_of  # noqa: PLC0415
    from contento.training.evaluation.static import FOLDS, evaluate_static  # noqa: PLC0415
    from contento.training.readers import open_source  # noqa: PLC0415
    from contento.training.readers.specification import parse  # noqa: PLC0415

    start = perf_counter()
    console = Console(stderr=as_json)
    with _progress(console) as report:
        ratings = read_ratings(open_source(data), limit, lambda done: report("reading", done, None))
        report("reading", len(ratings.cases), len(ratings.cases))
        train, test = split_of(ratings, split, folder=Path(parse(data).path), seed=seed)
        fits = iter(range(1, FOLDS + 2))
        models = evaluate_static(
            ratings, train, test, seed=seed, report=lambda _: report("fits", next(fits), FOLDS + 1)
        )
    _show(console, f"{data}, {split}: {len(train)} ratings learned, {len(test)} predicted", models)
    if as_json:
        _print_json(data, len(test), start, models)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str, int, int | None], None]]:
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console) as progress:

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield report


def _show(console: Console, title: str, models: dict[str, dict[str, Any]]) -> None:
    console.print(title, soft_wrap=True)
    table = Table()
    table.add_column("")
    for name in ("RMSE", "MAE", "90 % inside", "width", "seconds"):
        table.add_column(name, justify="right")
    for name, figures in models.items():
        values = (figures.get(key) for key in ("rmse", "mae", "coverage", "width"))
        table.add_row(name, *map(_figure, values), f"{figures['seconds']:.1f}")
    console.print(table)
    slices = next(iter(models.values()))["slices"]
    table = Table(title="RMSE by slice")
    table.add_column("")
    for name, figures in slices.items():
        table.add_column(f"{name.replace('_', ' ')} ({figures['n']})", justify="right")
    for name, figures in models.items():
        table.add_row(name, *(_figure(figures["slices"][each]["rmse"]) for each in slices))
    console.print(table)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _print_json(data: str, size: int, start: float, models: dict[str, Any]) -> None:
    content = {"data": data, "n": size, "seconds": round(perf_counter() - start, 3), **models}
    typer.echo(json.dumps(content))
