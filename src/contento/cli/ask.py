"""`contento score` and `contento users`: reading live state, and asking the model about an item."""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from contento.cli.connection import DirectoryOption, find_settings
from contento.contracts.errors import ContentoError
from contento.contracts.messages import Score
from contento.contracts.redis_keys import RedisKeys
from contento.scoring.question import ask
from contento.scoring.settings import ScorerSettings
from contento.state.base import LiveUser
from contento.state.reading import LiveReader

RedisOption = Annotated[str | None, typer.Option(help="Redis URL [default: CONTENTO_REDIS].")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class NothingKnown(ContentoError):
    """There is no live state for what was asked."""


def score(
    user: Annotated[str, typer.Option(help="The user's id.")],
    item: Annotated[str | None, typer.Option(help="An item's id: how would this user rate it?")] = None,
    redis: RedisOption = None,
    directory: DirectoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a user's live scores, and what to expect with an item."""
    settings = _settings(directory, redis)
    live, events, answer = asyncio.run(_ask(settings, user, item))
    if as_json:
        print(json.dumps({"user": user, **_figures(live), **(_expected(item, answer) if answer else {})}))  # noqa: T201
        return
    console = Console()
    parts: list[Any] = [_user_table(live)]
    if answer is not None:
        parts.append(_answer_table(item or "", answer))
    parts.append(events)
    console.print(Panel(Group(*parts), title=f"user {user}", title_align="left", expand=False))


def users(
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Those whose satisfaction is low.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most how many.")] = 20,
    redis: RedisOption = None,
    directory: DirectoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List users; those at risk, the most dissatisfied first."""
    if not at_risk:
        raise typer.BadParameter("say which users: --at-risk")
    settings = _settings(directory, redis)
    total, found = asyncio.run(_at_risk(settings, limit))
    if as_json:
        print(json.dumps([{"user": user, **_figures(live)} for user, live in found]))  # noqa: T201
        return
    table = Table(title=f"users at risk: {len(found)} of {total:,}", title_justify="left", box=None, pad_edge=False)
    table.add_column("user")
    for name in ("satisfaction", "trend", "rating", "P(negative)", "events"):
        table.add_column(name, justify="right")
    table.add_column("segment")
    for user, live in found:
        figures = (live.satisfaction, live.trend, live.rating, live.p_negative)
        table.add_row(user, *(f"{v:.2f}" for v in figures), str(live.n), live.segment)
    Console().print(table)


async def _ask(settings: ScorerSettings, user: str, item: str | None) -> tuple[LiveUser, Table, Score | None]:
    reader = LiveReader(settings.redis.get_secret_value(), RedisKeys(settings.redis_prefix))
    try:
        live = await reader.user(user)
        if live is None:
            raise NothingKnown(
                f"user {user!r} has no live scores: check the id (contento users --at-risk lists some), or send events"
            )
        history = await reader.history(user)
    finally:
        await reader.close()
    table = Table(title="last events", title_justify="left", box=None, pad_edge=False)
    for name in ("time", "type", "item"):
        table.add_column(name)
    table.add_column("satisfaction", justify="right")
    for place in range(len(history.event_id) - 1, max(-1, len(history.event_id) - 9), -1):
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(history.time_ms[place] / 1000))
        table.add_row(at, history.type[place], history.item_id[place], f"{history.satisfaction[place]:.2f}")
    return live, table, await ask(settings, user, item, at_ms=live.updated_ms) if item else None


async def _at_risk(settings: ScorerSettings, limit: int) -> tuple[int, list[tuple[str, LiveUser]]]:
    reader = LiveReader(settings.redis.get_secret_value(), RedisKeys(settings.redis_prefix))
    try:
        ranked = [user for user, _ in await reader.at_risk(limit)]
        live = await reader.users(ranked)
        return await reader.count_at_risk(), [(user, live[user]) for user in ranked if user in live]
    finally:
        await reader.close()


def _settings(directory: Any, redis: str | None) -> ScorerSettings:
    settings = find_settings(directory)
    return settings.model_copy(update={"redis": type(settings.redis)(redis)}) if redis else settings


def _figures(live: LiveUser) -> dict[str, Any]:
    return {**asdict(live), "trend": live.trend, "risk": live.risk}


def _expected(item: str | None, answer: Score) -> dict[str, Any]:
    rating = answer.rating
    expected = {"rating": rating.mean, "lower": rating.lower, "upper": rating.upper, "coverage": rating.coverage}
    return {"item": item, "expected": {**expected, "satisfaction": answer.satisfaction.value, "bundle": answer.bundle}}


def _user_table(live: LiveUser) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(style="bold")
    table.add_row("satisfaction", f"{live.satisfaction:.2f}  (trend {live.trend:+.2f})")
    shares = f"{live.p_negative:.2f} / {live.p_neutral:.2f} / {live.p_positive:.2f}"
    table.add_row("negative / neutral / positive", shares)
    table.add_row("rating", f"{live.rating:.2f}")
    table.add_row("segment", live.segment)
    table.add_row("events", f"{live.n:,}")
    table.add_row("bundle", live.bundle[:12])
    return table


def _answer_table(item: str, answer: Score) -> Table:
    rating = answer.rating
    table = Table(title=f"with item {item}", title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(style="bold")
    interval = f"{rating.lower:.2f} to {rating.upper:.2f} ({rating.coverage:.0%})"
    table.add_row("expected rating", f"{rating.mean:.2f}  interval {interval}")
    table.add_row("expected satisfaction", f"{answer.satisfaction.value:.2f}")
    for name, probability in sorted(answer.outcomes.items()):
        table.add_row(f"P({name})", f"{probability:.2f}")
    if "text" in answer.missing_towers:
        table.add_row("note", "no text of this item is known: only what the user did counts")
    table.add_row("because of", ", ".join(f"{r.tower} {r.weight:.0%}" for r in answer.reasons if not r.event_id))
    return table
