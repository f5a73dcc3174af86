"""`contento bench explanations`: does the score move when what an explanation names is taken away?"""

import json
from time import perf_counter
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from contento.cli.bundle_option import BundleOption, StoreOption, open_bundle

_KINDS: Final = {
    "words": "words: a fifth",
    "events": "event: live share",
    "towers_live": "tower: live share",
    "towers": "tower: Shapley",
}


def explanations(
    data: Annotated[str, typer.Option("--data", help="Data, KIND:PATH, e.g. simulated:drift?seed=7.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to check, drawn from all events.")] = 200,
    target: Annotated[
        str, typer.Option("--target", help="rating, satisfaction, negative, neutral, positive, or an outcome.")
    ] = "rating",
    bundles: StoreOption = None,
    bundle: BundleOption = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of integrated gradients.")] = 50,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Random choices of words per text.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Of everything random.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")
    ] = False,
) -> None:
    """Take away what explanations name, and as much at random: which moves the score more?"""
    import numpy as np

    from contento.bench.explanations import check_explanations
    from contento.inference.live import live_bundle
    from contento.model.explanation.explainer import Explainer
    from contento.model.rows import join_inputs
    from contento.scoring.core.situations import sampled, situations
    from contento.training.readers import open_source

    start = perf_counter()
    console = Console(stderr=as_json)
    explainer = Explainer(open_bundle(bundles, bundle))
    source = open_source(data)
    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        reading = progress.add_task("reading", total=source.size)
        found = sampled(
            iter(progress.track(situations(source, centre=explainer.bundle.config.rating_centre), task_id=reading)),
            limit,
            np.random.default_rng(seed),
        )
        task = progress.add_task("rows", total=len(found))
        live = live_bundle(explainer.bundle)
        figures = check_explanations(
            explainer,
            join_inputs([each.row(live) for each in found]),
            [each.text.text for each in found],
            target=target,
            steps=steps,
            draws=draws,
            seed=seed,
            report=lambda kind, done: progress.update(task, description=kind, completed=done or len(found)),
        )
    console.print(_table(figures, f"{data}, {target}: mean absolute move of the target, {len(found)} rows"))
    if as_json:
        head = {"data": data, "bundle": explainer.bundle.hash, "target": target, "rows": len(found)}
        typer.echo(json.dumps({**head, "seconds": round(perf_counter() - start, 3), **figures}))


def _table(figures: dict[str, Any], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    table.add_column("without the strongest", no_wrap=True)
    for name in ("rows", "named", "random", "more by", "95 % interval", "holds"):
        table.add_column(name, justify="right")
    for kind, label in _KINDS.items():
        each = figures[kind]
        if each["named"] is None:
            table.add_row(label, str(each["n"]), *["-"] * 5)
            continue
        means = (f"{each[name]:.3f}" for name in ("named", "random", "difference"))
        interval = f"{each['lower']:.3f} to {each['upper']:.3f}"
        table.add_row(label, str(each["n"]), *means, interval, "yes" if each["holds"] else "no")
    return table
