"""Curves of losses as pictures that take the page's colours."""

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from contento.training.descent import Epoch

_TRAIN, _VALIDATION, _BEST = "#8a8f98", "#2f81f7", "#2da44e"
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # letters stay letters, in the page's font
    "svg.hashsalt": "contento",  # the same curves give the same bytes
    "font.family": "sans-serif",
    "text.color": "#123456",
    "axes.labelcolor": "#123456",
    "axes.edgecolor": "#123456",
    "xtick.color": "#123456",
    "ytick.color": "#123456",
}


def curve_svg(epochs: Sequence[Epoch]) -> str:
    """Return an SVG of the mean loss of every epoch, in training and on later rows, the kept one marked."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 2.6), layout="constrained")
        axes = figure.subplots()
        place = range(1, len(epochs) + 1)
        losses = [each.loss for each in epochs]
        best = losses.index(min(losses))
        axes.plot(place, [sum(each.train.values()) for each in epochs], "o-", color=_TRAIN, label="training", ms=3)
        axes.plot(place, losses, "o-", color=_VALIDATION, label="validation", ms=3)
        axes.plot([best + 1], [losses[best]], "o", color=_BEST, label=f"kept: epoch {best + 1}", ms=8)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
        axes.legend(frameon=False, fontsize=9)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()[out.getvalue().index("<svg") :].replace("#123456", "currentColor")
