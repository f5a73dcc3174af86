"""What `contento evaluate` shows: progress, then tables that fit 100 columns."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

Models = Mapping[str, Mapping[str, Any]]

_COLUMNS: Final = {
    "rmse": "RMSE",
    "mae": "MAE",
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "log_loss": "log loss",
    "ece": "ECE",
    "coverage": "inside",
    "width": "width",
}
_MAIN: Final = ("rmse", "macro_f1", "accuracy")
"""What the slices show: the first that there is."""
_GROUPS_SHOWN: Final = 12


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar per stage; yields what is told the stage, how many more are done, and of how many."""
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console) as bars:

        def report(stage: str, more: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], advance=more, total=total)

        yield report
        for task in bars.tasks:  # what stopped early is done, too
            bars.update(task.id, total=task.completed)


def show(console: Console, title: str, models: Models) -> None:
    """Print all figures as tables."""
    console.print(title, soft_wrap=True)
    console.print(_models(models))
    console.print(_slices(models))
    ours = models["contento"]
    windows = ours.get("coverage_windows", {})
    if windows.get("n"):
        console.print(
            f"inside in each of {windows['n']} windows of {windows['size']} ratings: "
            f"{windows['min']:.3f} to {windows['max']:.3f}"
        )
    for name, groups in ours.get("groups", {}).items():
        console.print(_groups(name, groups["groups"]))
        if groups["gaps"]:
            console.print(_gaps(name, groups["gaps"]))


def _models(models: Models) -> Table:
    table = Table()
    table.add_column("")
    shown = [key for key in _COLUMNS if any(key in figures for figures in models.values())]
    for key in shown:
        table.add_column(_COLUMNS[key], justify="right")
    table.add_column("s", justify="right")
    for name, figures in models.items():
        table.add_row(name.replace("_", " "), *(_figure(figures, key) for key in shown), f"{figures['seconds']:.1f}")
    return table


def _slices(models: Models) -> Table:
    slices = models["contento"]["slices"]
    main = next(key for key in _MAIN if any(key in figures for figures in models["contento"]["slices"].values()))
    table = Table(title=f"{_COLUMNS[main]} by slice")
    table.add_column("")
    table.add_column("n", justify="right")
    for name in models:
        table.add_column(name.replace("_", " "), justify="right")
    for name, figures in slices.items():
        found = (_figure(each["slices"].get(name, {}), main) for each in models.values())
        table.add_row(name.replace("_", " "), str(figures["n"]), *found)
    return table


def _groups(name: str, groups: Models) -> Table:
    shown = dict(list(groups.items())[:_GROUPS_SHOWN])
    left = len(groups) - len(shown)
    table = Table(
        title=f"contento by {name}" + (f", the {_GROUPS_SHOWN} largest; {left} more in --json" if left else "")
    )
    table.add_column(name, max_width=24, overflow="ellipsis", no_wrap=True)
    table.add_column("n", justify="right")
    keys = [key for key in _COLUMNS if any(key in figures for figures in shown.values())]
    for key in keys:
        table.add_column(_COLUMNS[key], justify="right")
    for value, figures in shown.items():
        table.add_row(value, str(figures["n"]), *(_figure(figures, key) for key in keys))
    return table


def _gaps(name: str, gaps: Models) -> Table:
    table = Table(title=f"worst gap between {name} groups")
    for column in ("", "lowest", "highest"):
        table.add_column(column, max_width=22, overflow="ellipsis", no_wrap=True)
    for column in ("gap", "95 % interval", "by chance up to"):
        table.add_column(column, justify="right")
    for key, gap in gaps.items():
        table.add_row(
            _COLUMNS[key],
            gap["lowest"],
            gap["highest"],
            _figure(gap, "gap"),
            f"{gap['low']:.3f} to {gap['high']:.3f}",
            _figure(gap, "by_chance"),
        )
    return table


def _figure(figures: Mapping[str, Any], key: str) -> str:
    value = figures.get(key)
    return "-" if value is None else f"{value:.4f}" if key in ("rmse", "mae") else f"{value:.3f}"
