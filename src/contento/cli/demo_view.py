"""The demo's live terminal view."""

from collections.abc import Sequence
from typing import Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from contento.local.demo.run import Snapshot

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_BAR_WIDTH: Final = 24
_RATES_SHOWN: Final = 40
_SEGMENTS_SHOWN: Final = 8


class DemoView:
    """Draws snapshots; every colour comes with a word or a number, so that none is needed to read it."""

    def __init__(self, title: str, total: int | None) -> None:
        """Take the name of the data and its number of events, where known."""
        self._progress = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            expand=True,
        )
        self._task = self._progress.add_task(title, total=total)

    def draw(self, shown: Snapshot) -> RenderableType:
        """Return the view of a snapshot."""
        self._progress.update(self._task, completed=shown.scored + shown.dead_lettered)
        segments, risk = _segments(shown), _at_risk(shown)
        return Group(
            self._progress,
            _figures(shown),
            Columns([segments, risk], expand=False, padding=(0, 3)),
            _footer(shown),
        )


def summary_panel(shown: Snapshot) -> RenderableType:
    """Return the closing table."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right", style="bold")
    table.add_column(style="dim")
    lost = shown.events - shown.scored - shown.dead_lettered - shown.repeated_events
    rows: Sequence[tuple[str, str, str]] = (
        ("events", f"{shown.events:,}", f"and {shown.feedback:,} feedback, {shown.items:,} items"),
        ("scored", f"{shown.scored:,}", "none lost" if lost <= 0 else f"{lost:,} LOST"),
        ("scored twice", f"{shown.duplicates:,}", ""),
        ("dead letters", f"{shown.dead_lettered:,}", _reasons(shown)),
        ("latency p50 / p99", f"{_ms(shown.p50_ms)} / {_ms(shown.p99_ms)}", "from Kafka to Redis"),
        ("throughput", f"{shown.events_per_s:,.0f}/s", f"{shown.seconds:.1f} s"),
        ("CPU", f"{shown.cpu_us_per_event or 0:,.0f} µs", "per event, scorer and model"),
        ("first score", f"{shown.first_score_s or 0:.1f} s", "after the start"),
        ("users at risk", f"{shown.at_risk_count:,}", ""),
        ("model", shown.inference, f"bundle {shown.bundle[:12]}"),
        ("feedback joined", f"{shown.joined:,}", f"{shown.joined_per_s:,.0f}/s; alerts: {shown.alerts}"),
        ("served ratings", _stars(shown.mae), f"off at last; {_percent(shown.inside)} inside their interval"),
        (
            "ratings as learned",
            _stars(shown.mae_now),
            f"off, each before it is learned; {_percent(shown.inside_now)} inside",
        ),
    )
    for row in rows:
        table.add_row(*row)
    return Panel(table, title="what happened", title_align="left", expand=False)


def _figures(shown: Snapshot) -> RenderableType:
    rate = shown.rates[-1] if shown.rates else 0.0
    text = Text.assemble(
        (f"{rate:>7,.0f}", "bold"), (" scores/s  ", "dim"), (_sparkline(shown.rates), "cyan"),
        ("   latency p50 ", "dim"), (_ms(shown.p50_ms), "bold"), ("  p99 ", "dim"), (_ms(shown.p99_ms), "bold"),
        ("   CPU ", "dim"), (f"{shown.cpu_us_per_event or 0:,.0f} µs/event", "bold"),
    )  # fmt: skip
    return Panel(text, expand=False)


def _segments(shown: Snapshot) -> RenderableType:
    table = Table(title="satisfaction by segment", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("segment")
    table.add_column("events", justify="right")
    table.add_column("satisfaction", width=_BAR_WIDTH + 5)
    table.add_column("rating", justify="right")
    for name, group in list(shown.segments.items())[:_SEGMENTS_SHOWN]:
        table.add_row(Text(name), f"{group.n:,}", _bar(group.satisfaction), f"{group.rating:.2f}")
    if not shown.segments:
        table.add_row(Text("none yet", style="dim"))
    return table


def _at_risk(shown: Snapshot) -> RenderableType:
    title = f"users at risk ({shown.at_risk_count:,})"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("user")
    table.add_column("satisfaction", justify="right")
    table.add_column("trend", justify="right")
    table.add_column("events", justify="right")
    for user, _ in shown.at_risk:
        live = shown.at_risk_users.get(user)
        if live is not None:
            falling = live.trend < -0.02
            arrow = Text(f"{'▼' if falling else '▲' if live.trend > 0.02 else '·'} {live.trend:+.2f}")
            arrow.stylize("red" if falling else "green" if live.trend > 0.02 else "dim")
            table.add_row(Text(user[:24]), f"{live.satisfaction:.2f}", arrow, f"{live.n}")
    if not shown.at_risk:
        table.add_row(Text("none yet", style="dim"))
    return table


def _footer(shown: Snapshot) -> RenderableType:
    letters = Text(f"{shown.dead_lettered:,}", style="bold red" if shown.dead_lettered else "bold")
    return Text.assemble(
        ("model ", "dim"), (shown.inference, "bold"), ("  bundle ", "dim"), (shown.bundle[:12] or "-", "bold"),
        ("  dead letters ", "dim"), letters, (f" {_reasons(shown)}", "red"),
        (f"  restarts {shown.restarts}" if shown.restarts else "", "bold red"),
        ("  joined ", "dim"), (f"{shown.joined:,}", "bold"), ("  off by ", "dim"), (_stars(shown.mae), "bold"),
        ("  alerts ", "dim"), (str(shown.alerts), "bold red" if shown.alerts else "bold"),
    )  # fmt: skip


def _bar(value: float) -> Text:
    filled = round(value * _BAR_WIDTH)
    colour = "green" if value >= 0.6 else "yellow" if value >= 0.4 else "red"
    return Text.assemble(("█" * filled, colour), ("░" * (_BAR_WIDTH - filled), "dim"), f" {value:.2f}")


def _sparkline(values: Sequence[float]) -> str:
    recent = list(values)[-_RATES_SHOWN:]
    top = max(recent, default=0.0) or 1.0
    return "".join(_BLOCKS[min(len(_BLOCKS) - 1, int(v / top * (len(_BLOCKS) - 1)))] for v in recent)


def _stars(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} stars"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"


def _reasons(shown: Snapshot) -> str:
    return ", ".join(f"{count} {code}" for code, count in sorted(shown.dead_letters.items()))
