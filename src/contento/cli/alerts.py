"""`contento alerts`: what the learner has found, from the alerts topic."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Final, Literal

import typer
from rich.console import Console

from contento.cli.connection import DirectoryOption, find_settings
from contento.contracts.messages import DriftAlert
from contento.contracts.validation import time_ms
from contento.learning.alerts import reading
from contento.learning.alerts.lines import alert_panel, alert_table
from contento.scoring.settings import ScorerSettings

_TABLE_FROM: Final = 6
"""As many alerts and more are a table; fewer are shown in full."""
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NONE: Final = (
    "The learner raises one when scores, inputs or satisfaction change and the change is confirmed: it must run "
    "(contento learner, or contento up) and have seen scores for a while. See docs/alerts.md."
)


def alerts(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep showing alerts as they come.")] = False,
    severity: Annotated[
        Literal["page", "ticket", "notice"] | None, typer.Option(help="Only alerts this urgent or more.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only alerts found since then, e.g. 30m, 2h or 7d.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Show each alert in full, however many.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an alert a line.")] = False,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers [default: CONTENTO_KAFKA].")] = None,
    directory: DirectoryOption = None,
) -> None:
    """Show what has drifted: what, where, since when, how sure, and what happens now."""
    wanted = _Wanted(severity, _since_ms(since))
    settings = find_settings(directory)
    if kafka:
        settings = settings.model_copy(update={"kafka": kafka})
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(settings, wanted, follow=follow, full=full, as_json=as_json))


class _Wanted:
    """Which alerts are shown."""

    def __init__(self, severity: str | None, since_ms: int) -> None:
        names = list(reading.SEVERITIES.values())
        self._least, self._since_ms = names.index(severity) if severity else 0, since_ms

    def __call__(self, alert: DriftAlert) -> bool:
        return alert.severity >= self._least and time_ms(alert.detected_time) >= self._since_ms


async def _show(settings: ScorerSettings, wanted: _Wanted, *, follow: bool, full: bool, as_json: bool) -> None:
    from contento.cli.alerts_topic import AlertsTopic

    console = Console()
    async with AlertsTopic(settings) as topic:
        past = [alert for alert in await topic.past() if wanted(alert)]
        _print(console, past, full=full or follow, as_json=as_json)
        if not past and not as_json:
            console.print("No alerts" + (" so far; waiting for the next. Ctrl-C ends." if follow else "."))
            console.print(_NONE, style="dim")
        if follow:
            async for alert in _only(topic.coming(), wanted):
                _print(console, [alert], full=True, as_json=as_json)


async def _only(alerts: AsyncIterator[DriftAlert], wanted: _Wanted) -> AsyncIterator[DriftAlert]:
    async for alert in alerts:
        if wanted(alert):
            yield alert


def _print(console: Console, shown: list[DriftAlert], *, full: bool, as_json: bool) -> None:
    now_ms = time.time_ns() // 1_000_000
    if as_json:
        _print_json(shown)
    elif len(shown) >= _TABLE_FROM and not full:
        console.print(alert_table(shown, now_ms))
        console.print("In full: contento alerts --full", style="dim")
    else:
        for alert in shown:
            console.print(alert_panel(alert, now_ms))


def _print_json(shown: Iterable[DriftAlert]) -> None:
    for alert in shown:
        typer.echo(reading.to_json(alert))


def _since_ms(since: str | None) -> int:
    """Return the time that `--since` asks for, unix milliseconds; 0: always."""
    if since is None:
        return 0
    match = re.fullmatch(r"(\d{1,6})([smhd])", since.strip())
    if match is None:
        raise typer.BadParameter("say how long ago, e.g. 30m, 2h or 7d", param_hint="--since")
    return time.time_ns() // 1_000_000 - 1000 * int(match[1]) * _UNITS_S[match[2]]
