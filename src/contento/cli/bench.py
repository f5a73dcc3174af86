"""`contento bench`: measurements of a bundle."""

import typer

from contento.cli.bench_explanations import explanations

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure a bundle.")
app.command()(explanations)


@app.callback()
def _bench() -> None:
    """Measure a bundle."""
