"""A picture of a drift bench that reads on light and dark pages."""

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from contento.bench.drift import DriftFigures
from contento.bench.drift_detectors import ALL_OURS, OURS

_INK: Final = "#123456"
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "contento",  # the same figures give the same bytes
    "font.family": "sans-serif",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_OWN, _OTHERS, _DUMMY = "#2f81f7", "#8a8f98", "#d29922"
_PAGE: Final = """<style>svg { color: #1f2328; background: #fff; }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; background: #0d1117; } }</style>"""


def drift_svg(figures: Sequence[DriftFigures]) -> str:
    """Return an SVG: for each kind of stream, how late and how falsely each detector fires; below left is best.

    A detector that misses half of the drifts has no median delay and is not shown.
    """
    streams = list(dict.fromkeys(each.stream for each in figures if each.f1 is not None))
    with mpl.rc_context(_STYLE):
        columns = min(3, max(1, len(streams)))
        rows = max(1, -(-len(streams) // columns))
        figure = Figure(figsize=(3.6 * columns, 2.9 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, stream in zip(grid.flat, streams, strict=False):
            _panel(axes, stream, [each for each in figures if each.stream == stream and each.delay is not None])
        for axes in list(grid.flat)[len(streams) :]:
            axes.set_axis_off()
        figure.supxlabel("median delay, samples", fontsize=9)
        figure.supylabel("false alarms per 100,000", fontsize=9)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    svg = out.getvalue()[out.getvalue().index("<svg") :].replace(_INK, "currentColor")
    head, _, rest = svg.partition(">")
    return f"{head}>{_PAGE}{rest}"


def _panel(axes: Axes, stream: str, figures: Sequence[DriftFigures]) -> None:
    for each in figures:
        delay = each.delay or 0.0
        own = each.detector.startswith(OURS)
        color = _OWN if own else _DUMMY if each.detector == "always" else _OTHERS
        axes.plot([delay], [each.false_alarms_per_100k], "o", color=color, ms=6 if own else 4)
        axes.annotate(
            each.detector,
            (delay, each.false_alarms_per_100k),
            xytext=(2, 4) if each.detector != ALL_OURS else (0, -4),
            textcoords="offset points",
            fontsize=7,
            rotation=50,  # neighbours on one line stay apart
            ha="left" if each.detector != ALL_OURS else "right",
            va="bottom" if each.detector != ALL_OURS else "top",
            color=color,
        )
    axes.set_title(stream, fontsize=9, loc="left")
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(-0.9, 5_000)
    axes.margins(x=0.2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)
