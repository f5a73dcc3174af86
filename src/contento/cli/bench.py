"""`contento bench`: how fast the model is here, and whether explanations, segments and drift monitors hold."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from contento.cli.bench_drift import drift
from contento.cli.bench_explanations import explanations
from contento.cli.bench_learner import learner
from contento.cli.bench_progress import progress
from contento.cli.bench_segments import segments
from contento.cli.bundle_option import open_bundle

if TYPE_CHECKING:  # loads torch, which takes seconds
    from collections.abc import Sequence

    from contento.bench.encoder import EncoderFigures
    from contento.bench.scorer import ScorerFigures

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Measure a bundle, or the drift monitors, on this machine."
)
app.command()(explanations)
app.command()(segments)
app.command()(drift)
app.command()(learner)

_Bundle = Annotated[
    Path | None, typer.Option("--bundle", help="A bundle's directory [default: the package's trained bundle].")
]
_Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads [default: all cores].")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object, on the last line.")]


@app.command()
def encoder(
    data: Annotated[
        str, typer.Option("--data", help="Data with texts, KIND:PATH; with ratings, accuracy is measured too.")
    ] = "simulated:steady?events=4000",
    bundle: _Bundle = None,
    texts: Annotated[int, typer.Option("--texts", min=2, help="Texts, evenly over the time of the data.")] = 1024,
    threads: _Threads = None,
    layers: Annotated[str, typer.Option("--layers", help="Numbers of first layers to run as well, e.g. 6,4,3.")] = "",
    as_json: _AsJson = False,
) -> None:
    """Measure the text encoder in every arithmetic that this machine can do, and with fewer layers."""
    import torch

    from contento.bench.encoder import bench_encoder
    from contento.bench.texts import read_texts
    from contento.model.arithmetic import capabilities
    from contento.scoring.settings import ScorerSettings
    from contento.training.readers import open_source

    counts = _counts(layers)
    console = Console(stderr=as_json)
    torch.set_num_threads(threads or torch.get_num_threads())
    machine = capabilities()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    measured = open_bundle(None, bundle)
    with progress(console) as report:
        found = read_texts(open_source(data), texts)
        figures = bench_encoder(
            found,
            measured.config.encoder,
            layers=counts,
            machine=machine,
            device=device,
            adapter=measured.adapter,
            cache=ScorerSettings().cache,
            report=report,
        )
    where = f"{device}, {torch.get_num_threads()} threads"
    console.print(f"{data}: {len(found.texts)} texts; {where}", soft_wrap=True)
    console.print(_encoder_table(figures))
    if as_json:
        _print_json(
            figures, bundle=measured.hash, data=data, texts=len(found.texts), device=device,
            threads=torch.get_num_threads(), cpu=machine.get("cpu_name", ""),
        )  # fmt: skip


@app.command()
def scorer(
    bundle: _Bundle = None,
    batch: Annotated[
        list[int] | None, typer.Option("--batch", min=1, help="Rows of a batch; may be repeated [default: 1 to 1024].")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Measure everything of the model but the encoder, on random rows; it uses one thread."""
    from contento.bench.scorer import BATCHES, bench_scorer
    from contento.model.serving import LiveBundles

    console = Console(stderr=as_json)
    measured = open_bundle(None, bundle)
    bundles = LiveBundles({"serving": measured}, device="cpu", encode=False, score=True)
    with progress(console) as report:
        figures = bench_scorer(
            bundles, tuple(batch or BATCHES), report=lambda done, total: report("scoring", done, total)
        )
    table = Table()
    for name in ("batch", "rows/s", "µs/row"):
        table.add_column(name, justify="right")
    for each in figures:
        table.add_row(str(each.batch), f"{each.rows_per_second:,.0f}", f"{each.microseconds_per_row:.0f}")
    console.print(table)
    if as_json:
        _print_json(figures, bundle=measured.hash)


def _counts(layers: str) -> list[int]:
    try:
        return [int(each) for each in layers.split(",") if each]
    except ValueError:
        raise typer.BadParameter(
            f"{layers!r} is no list of whole numbers such as 6,4,3", param_hint="--layers"
        ) from None


def _encoder_table(figures: "Sequence[EncoderFigures]") -> Table:
    table = Table(box=box.SIMPLE, caption="* what start-up chooses here", caption_justify="left")
    table.add_column("arithmetic")
    for name in ("layers", "texts/s", "x float32", "cosine >=", "mean", "RMSE", "change"):
        table.add_column(name, justify="right")
    for each in figures:
        table.add_row(
            f"{each.arithmetic} *" if each.chosen else each.arithmetic,
            str(each.layers),
            f"{each.texts_per_second:.1f}",
            f"{each.times_float32:.2f}",
            f"{each.cosine[0]:.4f}",
            f"{each.cosine[1]:.4f}",
            "-" if each.rmse is None else f"{each.rmse:.4f}",
            "-" if each.rmse_difference is None else f"{each.rmse_difference:+.4f}",
        )
    return table


def _print_json(figures: "Sequence[EncoderFigures | ScorerFigures]", **about: Any) -> None:
    typer.echo(json.dumps({**about, "figures": [dataclasses.asdict(each) for each in figures]}))
