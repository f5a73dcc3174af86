"""From what came of a training to its page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from contento.training.report.curves import curve_svg
from contento.training.train import Trained

REPORT: Final = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure beside what says nothing would reach."""

    name: str
    value: str
    beside: str
    good: bool


def write_report(trained: Trained, seconds: Mapping[str, float]) -> Path:
    """Write the page of a training into its run's directory and return its path.

    Args:
        trained: What came of it.
        seconds: Wall time of each stage.
    """
    training: dict[str, Any] = json.loads((trained.bundle.path / "training.json").read_bytes())
    environment = Environment(
        loader=PackageLoader("contento.training.report", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.jinja").render(
        bundle=trained.bundle.hash,
        training=training,
        metrics=trained.metrics,
        tiles=_tiles(trained.metrics),
        towers=_towers(trained.metrics),
        curves={stage: curve_svg(epochs) for stage, epochs in trained.histories.items()},
        tasks={
            stage: [(each.train, each.validation) for each in epochs] for stage, epochs in trained.histories.items()
        },
        seconds={stage: took for stage, took in seconds.items() if took >= 0.05},
        longest=max(seconds.values(), default=1.0) or 1.0,
    )
    path = trained.run / REPORT
    path.write_text(page, encoding="utf-8")
    return path


def _tiles(metrics: Mapping[str, Any]) -> list[Tile]:
    tiles = []
    rating, satisfaction = metrics.get("rating"), metrics.get("satisfaction")
    if rating:
        for name in ("rmse", "mae"):
            ours, mean = rating[name], rating[f"{name}_of_mean"]
            tiles.append(Tile(name=name.upper(), value=f"{ours:.3f}", beside=f"mean {mean:.3f}", good=ours < mean))
        interval = rating["interval"]
        off = abs(interval["coverage"] - interval["stated"])
        beside = f"stated {interval['stated']:.0%}, width {interval['width']:.2f}"
        tiles.append(Tile(name="inside", value=f"{interval['coverage']:.1%}", beside=beside, good=off < 0.03))
    if satisfaction:
        for name, shown in (("macro_f1", "macro-F1"), ("accuracy", "accuracy")):
            ours, majority = satisfaction[name], satisfaction[f"{name}_of_majority"]
            beside = f"majority {majority:.3f}"
            tiles.append(Tile(name=shown, value=f"{ours:.3f}", beside=beside, good=ours > majority))
    return tiles


def _towers(metrics: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the scores with all towers, without each, and with each alone."""
    rows: list[tuple[str, dict[str, Any]]] = [("all towers", dict(metrics))] if metrics else []
    for kind in ("without", "only"):
        rows += [(f"{kind} {tower}", scores) for tower, scores in metrics.get(kind, {}).items()]
    return rows
