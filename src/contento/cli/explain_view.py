"""An explanation in the terminal, for 80 columns and more; what colours say, signs and bars say too."""

from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contento.cli.explain_figures import (
    ago,
    clock,
    number,
    pieces,
    ranked_towers,
    scale,
    signed,
    strongest_events,
    strongest_words,
    target_label,
)
from contento.model.explanation.explanation import Explanation

_HALF: Final = 8
"""Columns of a bar on each side of its middle."""
_NAME: Final = 22
"""Columns of a word or an event."""
_LONGEST_TEXT: Final = 1500
"""Characters of the text that a terminal shows."""
_UP: Final = "blue"
_DOWN: Final = "red"


def view(explanation: Explanation) -> RenderableType:
    """Return an explanation for rich to print."""
    parts: list[RenderableType] = [_head(explanation)]
    if explanation.text:
        parts += [Padding(_text(explanation), (1, 2)), _words(explanation), _words_sum(explanation)]
    if explanation.towers:
        parts += ["", _towers(explanation), _towers_sum(explanation)]
    if len(explanation.events) > 1:
        parts += ["", _events(explanation)]
    return Group(*parts)


def bar(value: float, longest: float) -> Text:
    """Return a bar from the middle to the right for what adds, to the left for what takes."""
    length = min(_HALF, round(abs(value) / longest * _HALF))
    if value < 0:
        return Text.assemble(" " * (_HALF - length), ("█" * length, _DOWN), "│", " " * _HALF)
    return Text.assemble(" " * _HALF, "│", ("█" * length, _UP), " " * (_HALF - length))


def _head(explanation: Explanation) -> Text:
    score = explanation.score
    return Text.assemble(
        ("rating ", "dim"),
        (f"{score.rating:.2f}", "bold"),
        f" ({score.coverage:.0%}: {score.lower:.2f} to {score.upper:.2f})\n",
        ("satisfaction ", "dim"),
        (f"{score.satisfaction:.2f}", "bold"),
        f" (negative {score.negative:.2f}, neutral {score.neutral:.2f}, positive {score.positive:.2f})\n",
        *(part for name, p in score.outcomes.items() for part in ((f"P({name}) ", "dim"), f"{p:.3f}   ")),
        ("bundle ", "dim"),
        explanation.bundle[:12],
        ("\nexplained: ", "dim"),
        (f"{target_label(explanation.target)} {number(explanation, explanation.value)}", "bold"),
    )


def _plain(text: str) -> str:
    """Return a text without control characters: those of a stranger's text would steer the terminal."""
    return "".join(each if each == "\n" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _text(explanation: Explanation) -> Text:
    shown = Text()
    for piece, strength, read in pieces(explanation):
        shown.append(_plain(piece), _style(strength) if read else "dim strike")
    if len(shown) > _LONGEST_TEXT:
        shown = shown[:_LONGEST_TEXT]
        shown.append(" …")
    return shown


def _style(strength: float) -> str:
    colour = _UP if strength > 0 else _DOWN
    if abs(strength) > 2 / 3:
        return f"bold white on {colour}"
    if abs(strength) > 1 / 3:
        return f"bold underline {colour}"
    return colour if abs(strength) > 1 / 10 else ""


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")


def _words(explanation: Explanation) -> Table:
    shown = strongest_words(explanation)
    table = _table(f"words, the {len(shown)} strongest of {len(explanation.words)}")
    table.add_column("word", width=_NAME, no_wrap=True, overflow="ellipsis")
    table.add_column("  takes │ adds", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    longest = scale(explanation, [word.attribution for word in shown])
    for word in shown:
        table.add_row(Text(_plain(word.word)), bar(word.attribution, longest), signed(word.attribution))
    return table


def _words_sum(explanation: Explanation) -> Text:
    aim = explanation.value - explanation.baseline_value
    return Text(
        f"all words {signed(aim)}: from {number(explanation, explanation.baseline_value)} "
        f"({explanation.baseline}) to {number(explanation, explanation.value)}; "
        f"their sum misses it by {abs(explanation.delta):.2g}",
        "dim",
    )


def _towers(explanation: Explanation) -> Table:
    table = _table("towers")
    table.add_column("tower", width=_NAME)
    table.add_column("  takes │ adds", no_wrap=True)
    for name in ("Shapley", "removal", "live share"):
        table.add_column(name, justify="right", no_wrap=True)
    ranked = ranked_towers(explanation)
    longest = scale(explanation, [tower.shapley for tower in ranked])
    for tower in ranked:
        figures = (signed(tower.shapley), signed(tower.removal), f"{tower.share:.0%}")
        table.add_row(tower.tower, bar(tower.shapley, longest), *figures)
    return table


def _towers_sum(explanation: Explanation) -> Text:
    return Text(
        f"all towers {signed(explanation.value - explanation.empty)}: from "
        f"{number(explanation, explanation.empty)} (nothing known) to {number(explanation, explanation.value)}",
        "dim",
    )


def _events(explanation: Explanation) -> Table:
    shown = strongest_events(explanation)
    table = _table(f"past events, the {len(shown)} strongest of {len(explanation.events) - 1}")
    table.add_column("event", width=_NAME, no_wrap=True, overflow="ellipsis")
    table.add_column("  takes │ adds", no_wrap=True)
    table.add_column("removal", justify="right", no_wrap=True)
    table.add_column("live share", justify="right", no_wrap=True)
    table.add_column("when (UTC)", no_wrap=True)
    longest = scale(explanation, [event.removal or 0 for event in shown])
    for event in shown:
        named = event.event
        name = f"{named.type} {named.item_id}".strip() if named else f"{ago(event, explanation)} before"
        removal = event.removal or 0
        when = clock(named.time_ms) if named else ""
        table.add_row(Text(_plain(name)), bar(removal, longest), signed(removal), f"{event.share:.0%}", when)
    return table
