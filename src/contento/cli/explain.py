"""`contento explain`: which words, past events and towers made a score what it is."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contento.cli.bundle_option import BundleOption, StoreOption, open_bundle
from contento.cli.connection import DirectoryOption, find_settings
from contento.contracts.errors import ContentoError
from contento.scoring.core.situations import Situation, situations
from contento.scoring.question import imagined
from contento.training.readers import open_source


class NothingToExplain(ContentoError):
    """What was asked for is not there."""


def explain(
    text: Annotated[str | None, typer.Option("--text", help="Explain the score of a text alone.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="Data, KIND:PATH, that holds the event.")] = None,
    event: Annotated[str | None, typer.Option("--event", help="Id of the event whose score to explain.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="User of the running stack who views an item.")] = None,
    item: Annotated[str | None, typer.Option("--item", help="That item.")] = None,
    target: Annotated[
        str, typer.Option("--target", help="rating, satisfaction, negative, neutral, positive, or an outcome.")
    ] = "rating",
    bundles: StoreOption = None,
    bundle: BundleOption = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of integrated gradients.")] = 50,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file, too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, on the last line.")] = False,
    directory: DirectoryOption = None,
) -> None:
    """Explain a score by its words, past events and towers.

    Say which: --text TEXT, --data SPEC --event ID, or --user ID --item ID.
    """
    _check(text, data, event, user, item)
    from contento.cli.explain_page import page
    from contento.cli.explain_view import view
    from contento.inference.live import live_bundle
    from contento.model.explanation.explainer import Explainer
    from contento.model.rows import empty_rows

    chosen = open_bundle(bundles, bundle)
    if text is not None:
        row, shown, history = empty_rows(1, text_dimension=chosen.config.encoder.dimension), text.strip(), []
    else:
        found = (
            _of_data(data or "", event or "", chosen.config.rating_centre)
            if user is None
            else asyncio.run(_of_stack(directory, user, item or "", chosen.hash))
        )
        row, shown, history = found.row(live_bundle(chosen)), found.text.text, found.history
    explanation = Explainer(chosen).explain(row, shown, target=target, steps=steps, history=history)
    console = Console(stderr=as_json)
    console.print(view(explanation))
    if html is not None:
        html.write_text(page(explanation), encoding="utf-8")
        console.print(f"page: {html}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(explanation.as_json()))


def _check(text: str | None, data: str | None, event: str | None, user: str | None, item: str | None) -> None:
    if sum(given is not None for given in (text, data, user)) != 1:
        raise typer.BadParameter("say what: one of --text TEXT, --data SPEC --event ID, --user ID --item ID")
    if (data is None) != (event is None):
        raise typer.BadParameter("--data and --event belong together")
    if (user is None) != (item is None):
        raise typer.BadParameter("--user and --item belong together")
    if text is not None and not text.strip():
        raise typer.BadParameter("--text is empty")


def _of_data(data: str, event: str, centre: float) -> Situation:
    seen = ""
    for found in situations(open_source(data), centre=centre):
        if found.event.event_id == event:
            return found
        seen = found.event.event_id
    raise NothingToExplain(f"{data} has no event {event!r}: give the id of one of its events; its last is {seen!r}")


async def _of_stack(directory: Path | None, user: str, item: str, bundle: str) -> Situation:
    found = await imagined(find_settings(directory), user, item)
    if found is None or found.user.live is None:
        raise NothingToExplain(
            f"user {user!r} has no live scores: check the id (contento users --at-risk lists some), or send events"
        )
    if found.user.live.bundle != bundle:
        raise NothingToExplain(
            f"user {user!r} was last scored by bundle {found.user.live.bundle}, not by {bundle}: "
            "give the stack's bundle store with --bundles"
        )
    return found
