"""An explanation in figures for people, the same in the terminal and on the page."""

import time
from collections.abc import Sequence
from typing import Final

from contento.model.explanation.explanation import EventContribution, Explanation, TowerContribution, WordAttribution

STRONGEST_WORDS: Final = 12
STRONGEST_EVENTS: Final = 8


def target_label(target: str) -> str:
    """Return what the explained number is."""
    if target == "rating":
        return "expected rating"
    return "satisfaction" if target == "satisfaction" else f"P({target})"


def number(explanation: Explanation, value: float) -> str:
    """Return a value of the target: stars with two places, probabilities with three."""
    return f"{value:.2f}" if explanation.target == "rating" else f"{value:.3f}"


def signed(value: float) -> str:
    """Return a difference of the target, with its sign."""
    return f"{value:+.3f}"


def strongest_words(explanation: Explanation) -> list[WordAttribution]:
    """Return the words that add or take most, the strongest first."""
    read = [word for word in explanation.words if word.read]
    return sorted(read, key=lambda word: -abs(word.attribution))[:STRONGEST_WORDS]


def strongest_events(explanation: Explanation) -> list[EventContribution]:
    """Return the past events that add or take most, the strongest first."""
    past = [event for event in explanation.events if event.removal is not None]
    return sorted(past, key=lambda event: -abs(event.removal or 0))[:STRONGEST_EVENTS]


def ranked_towers(explanation: Explanation) -> list[TowerContribution]:
    """Return the towers, the strongest first."""
    return sorted(explanation.towers, key=lambda tower: -abs(tower.shapley))


def scale(explanation: Explanation, values: Sequence[float]) -> float:
    """Return what the longest bar stands for: the largest value, but at least a hundredth of the target's range."""
    least = 0.04 if explanation.target == "rating" else 0.01  # below that, long bars would make much of nothing
    return max([least, *map(abs, values)])


def pieces(explanation: Explanation) -> list[tuple[str, float, bool]]:
    """Return the text in pieces: each with its strength in [-1, 1] and whether the encoder read it; gaps have 0."""
    longest = scale(explanation, [word.attribution for word in explanation.words])
    found: list[tuple[str, float, bool]] = []
    end = 0
    read = True
    for word in explanation.words:
        if word.start > end:
            found.append((explanation.text[end : word.start], 0.0, read))
        read = word.read
        found.append((word.word, word.attribution / longest, read))
        end = word.end
    if end < len(explanation.text):
        found.append((explanation.text[end:], 0.0, read))
    return found


def clock(time_ms: int) -> str:
    """Return a time of unix milliseconds in UTC, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time_ms / 1000))


def ago(event: EventContribution, explanation: Explanation) -> int:
    """Return how many events lie between an event and the one that is scored, itself included."""
    return explanation.events[0].place - event.place
