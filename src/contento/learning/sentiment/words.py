"""Words of texts, and how often and how bitterly they are used."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

NEGATIVE_BELOW: Final = 0.4
"""Satisfaction below which a text counts as negative."""
MOST_WORDS: Final = 40
"""Of one text; a review has about that many that differ and say something."""
KEPT_WORDS: Final = 4096
AGING: Final = 4000
"""Texts after which all counts are halved, so that the words of last month fade."""

_WORD: Final = re.compile(r"[^\W\d_]{3,30}")
_STOP: Final = frozenset(
    _WORD.findall("""
    the and for that this with you not are was but have has had its from they what all will would there their can our
    out about who get which when make like just him how too any did were been than then them she her his into some more
    only other one two very also again after before never ever your yours mine hers because
    der die das und ist nicht ein eine mit von auf für den dem les des est pas une pour que qui dans los las del una
    por con non che per gli
    """)
)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words that say something, each once, in their order; at most 40."""
    found = dict.fromkeys(word for word in _WORD.findall(text.lower()) if word not in _STOP)
    return tuple(islice(found, MOST_WORDS))


class WordCounts:
    """In how many texts, and in how many negative ones, each word stands; the latest some thousand texts.

    Attributes:
        texts: Texts counted.
        negative: Negative ones among them.
        counts: By word: texts and negative texts that hold it.
    """

    __slots__ = ("counts", "negative", "texts")

    def __init__(
        self, texts: float = 0.0, negative: float = 0.0, counts: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Start with these counts."""
        self.texts, self.negative = texts, negative
        self.counts = {word: [of[0], of[1]] for word, of in (counts or {}).items()}

    def add(self, words: Iterable[str], satisfaction: float) -> None:
        """Count a text."""
        low = 1.0 if satisfaction < NEGATIVE_BELOW else 0.0
        self.texts += 1.0
        self.negative += low
        counts = self.counts
        for word in words:
            of = counts.get(word)
            if of is None:
                counts[word] = [1.0, low]
            else:
                of[0] += 1.0
                of[1] += low
        if self.texts > AGING:
            self.texts, self.negative = self.texts / 2, self.negative / 2
            self.counts = {word: [of[0] / 2, of[1] / 2] for word, of in counts.items() if of[0] >= 1.0}
        if len(self.counts) > KEPT_WORDS:
            keep = sorted(self.counts, key=lambda word: (-self.counts[word][0], word))[: KEPT_WORDS // 2]
            self.counts = {word: self.counts[word] for word in keep}

    def topics(self, words: Iterable[str], most: int) -> list[str]:
        """Return the words that are common enough to be watched and too rare to be everywhere, commonest first."""
        counts, least, limit = self.counts, 5.0, max(0.3 * self.texts, 10.0)
        fit = [(-counts[word][0], word) for word in words if least <= counts.get(word, (0.0,))[0] <= limit]
        fit.sort()
        return [word for _, word in fit[:most]]

    def bitterness(self, word: str) -> float:
        """Return the share of negative texts among those with a word, in (0, 1); the mean of all if it is new."""
        texts, negative = self.counts.get(word, (0.0, 0.0))
        usual = (self.negative + 1.0) / (self.texts + 2.0)
        return (negative + 2.0 * usual) / (texts + 2.0)

    def frequency(self, word: str) -> float:
        """Return the share of texts with a word, in (0, 1)."""
        return (self.counts.get(word, (0.0,))[0] + 0.5) / (self.texts + 1.0)
