"""Alerts on a terminal: a table of many, or a panel to read at three in the morning."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from contento.contracts.messages import DriftAlert
from contento.contracts.validation import time_ms
from contento.learning.alerts import reading

COLOURS: Final[Mapping[str, str]] = {"page": "bold white on red", "ticket": "yellow", "notice": "cyan"}
_BORDERS: Final[Mapping[str, str]] = {"page": "red", "ticket": "yellow", "notice": "cyan"}


def alert_panel(alert: DriftAlert, now_ms: int) -> Panel:
    """Return an alert with all that it says.

    Args:
        alert: The alert. Its texts come from users: nothing in them is taken for markup.
        now_ms: The present, unix milliseconds.
    """
    name = reading.severity(alert)
    title = Text()
    title.append(f" {name.upper()} ", style=COLOURS.get(name, "dim"))
    title.append(f" {reading.TITLES[reading.kind(alert)]}: {_printable(reading.where(alert))}", style="bold")
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, said in _facts(alert, now_ms):
        facts.add_row(label, Text(_printable(said)))
    parts: list[RenderableType] = [Text(_printable(alert.summary), style="bold"), facts] if alert.summary else [facts]
    if alert.evidence:
        parts += [Text("what people wrote" if reading.kind(alert) == "satisfaction" else "evidence", style="dim")]
        parts += [Text(f"  “{_printable(text)}”") for text in alert.evidence]
    return Panel(
        Group(*parts), title=title, title_align="left", border_style=_BORDERS.get(name, "dim"), expand=False, width=None
    )


def alert_table(alerts: Iterable[DriftAlert], now_ms: int) -> Table:
    """Return alerts as a table, one a row, in the order given."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("severity", "kind", "since", "where", "before → after", "what"):
        table.add_column(column, overflow="fold", no_wrap=column == "severity")
    for alert in alerts:
        name = reading.severity(alert)
        at = alert.change_time if alert.HasField("change_time") else alert.detected_time
        values = f"{alert.before.value:.2f} → {alert.after.value:.2f}" if alert.HasField("after") else ""
        table.add_row(
            Text(name, style=COLOURS.get(name, "dim")),
            reading.kind(alert),
            reading.ago(time_ms(at), now_ms),
            Text(_printable(reading.where(alert))),
            values,
            Text(_printable(alert.summary)),
        )
    return table


def _facts(alert: DriftAlert, now_ms: int) -> Iterable[tuple[str, str]]:
    yield "since", reading.since(alert, now_ms)
    if changed := reading.change(alert):
        yield "before → after", changed
    yield "how sure", reading.how_sure(alert)
    yield "found", reading.ago(time_ms(alert.detected_time), now_ms)
    if alert.action:
        yield "what happens now", alert.action
    if alert.bundle:
        yield "bundle", alert.bundle[:12]
    yield "monitor", alert.monitor
    yield "alert", alert.alert_id


def _printable(text: str) -> str:
    """Return a text whose control characters, with which a user could steer a terminal, are blanks."""
    return "".join(c if c.isprintable() else " " for c in text)
