"""Which texts say best why satisfaction fell."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contento.learning.sentiment.words import WordCounts, words_of

TEXTS: Final = 4
"""In one alert: what fits on a screen beside the figures."""
TEXT_LENGTH: Final = 200
"""Characters of a text in an alert."""
KEPT_LENGTH: Final = 600
"""Characters of a text that are kept; more than an alert shows, so that masking sees whole addresses."""
_ALIKE: Final = 0.6
"""Share of common words above which one of two texts is enough."""
_TELLING_WORDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody wrote.

    Attributes:
        at_ms: When, unix milliseconds.
        satisfaction: How satisfied its writer is, in [0, 1].
        text: The words, at most `KEPT_LENGTH` characters.
    """

    at_ms: int
    satisfaction: float
    text: str


def shortened(text: str, length: int) -> str:
    """Return a text in one line of at most so many characters, cut between words."""
    line = " ".join(text[: 8 * length].split())
    if len(line) <= length:
        return line
    return line[: line.rfind(" ", length // 2, length) % length].rstrip(" ,;:.") + "…"


def telling_texts(
    said: Iterable[Said], background: WordCounts, *, since_ms: int, below: float, mask: Callable[[str], str]
) -> list[str]:
    """Return the texts that say best why satisfaction fell, most telling first.

    They are unhappy, as recent as can be, and typical of the fall: their words are far more frequent in these texts
    than elsewhere, and bitter. No two are alike.

    Args:
        said: Texts to choose from, oldest first.
        background: How often words are used elsewhere.
        since_ms: When satisfaction fell, unix milliseconds; earlier texts only fill up.
        below: Satisfaction before the fall; texts of the happier say nothing.
        mask: Takes personal data out of a text; applied before it is cut.
    """
    found = [(each, words_of(each.text)) for each in said if each.satisfaction < below]
    later = [(each, words) for each, words in found if each.at_ms >= since_ms] or found
    in_texts = Counter(word for _, words in later for word in words)
    telling = {
        word: background.bitterness(word)
        * max(0.0, math.log((count + 0.5) / (len(later) + 1.0) / background.frequency(word)) + math.log1p(count))
        for word, count in in_texts.items()
    }
    chosen: list[str] = []
    chosen_words: list[frozenset[str]] = []
    left = list(enumerate(later, start=1))
    while left and len(chosen) < TEXTS:
        place = max(range(len(left)), key=lambda index: (_score(left[index], telling, len(later)), left[index][0]))
        _, (each, words) = left.pop(place)
        if any(_alike(frozenset(words), other) for other in chosen_words):
            continue
        text = shortened(mask(each.text), TEXT_LENGTH)
        if not text or text in chosen:
            continue
        chosen.append(text)
        chosen_words.append(frozenset(words))
        for word in words:  # the next one should say something else
            telling[word] *= 0.5
    return chosen


def _score(numbered: tuple[int, tuple[Said, Sequence[str]]], telling: dict[str, float], of: int) -> float:
    number, (said, words) = numbered
    best = sorted((telling[word] for word in words), reverse=True)[:_TELLING_WORDS]
    return (1.0 - said.satisfaction) * (0.1 + sum(best)) * (0.5 + 0.5 * number / of)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    union = len(one | other)
    return not union or len(one & other) / union >= _ALIKE
