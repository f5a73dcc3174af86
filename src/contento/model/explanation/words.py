"""The words of a text, and the sum over each word's tokens."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from contento.model.encoder import Token

_PATTERN: Final = re.compile(
    r"""
    # A link, without the sign that ends its sentence.
      (?:https?://|www\.)[^\s<>"]*[^\s<>".,;:!?)\]}']
    # A mention, a topic.
    | [@#]\w+
    # A flag, a keycap.
    | [\U0001F1E6-\U0001F1FF]{2} | [\d\#*]\uFE0F?\u20E3
    # isn't, 1.7, so-so, someone@example.com
    | \w+(?:['\u2019.,@-]\w+)*
    # An emoji with its modifiers, or several joined; any other sign.
    | [^\w\s][\uFE0F\u20E3\U0001F3FB-\U0001F3FF]*(?:\u200D[^\w\s][\uFE0F\U0001F3FB-\U0001F3FF]*)*
    """,
    re.VERBOSE,
)


class Word(NamedTuple):
    """A word's place in its text: `text[start:end]`."""

    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Return the words of a text in order: what is written between them is white space.

    Links, mentions and emoji are one word each; a sign is a word of its own.
    """
    return [Word(*found.span()) for found in _PATTERN.finditer(text)]


def tokens_of_words(words: Sequence[Word], tokens: Sequence[Token]) -> list[list[int]]:
    """Return the places of each word's tokens.

    A token belongs to the word that it shares most characters with; special tokens and those that
    stand for white space only belong to none.
    """
    places: list[list[int]] = [[] for _ in words]
    first = 0
    for place, token in enumerate(tokens):
        if token.special or token.end <= token.start:
            continue
        while first < len(words) and words[first].end <= token.start:
            first += 1
        best, most = -1, 0
        for index in range(first, len(words)):
            if words[index].start >= token.end:
                break
            shared = min(words[index].end, token.end) - max(words[index].start, token.start)
            if shared > most:
                best, most = index, shared
        if best >= 0:
            places[best].append(place)
    return places
