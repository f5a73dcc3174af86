"""What one score tells of its user: how they behave, what they go for, and how much they like it."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import xxhash
from numpy.typing import NDArray

from contento.contracts.messages import Score
from contento.model.interface import HISTORY_VALUES

Floats = NDArray[np.float32]

INTERESTS: Final = 128
"""Places of the sketch of items and words. Twice as many find the same segments."""
LOOKS: Final = 64
"""Places of what pictures show; a longer image embedding is projected."""
_PLACES: Final = 4
"""Places of the sketch that a token touches: with one, two tokens that collide are one."""
_ITEM: Final = 4.0
_WORD: Final = 0.5
"""An item weighs as much as the dozen words of its text: what is alike in content counts as much as being the same."""
_MOST_WORDS: Final = 64
_WORDS: Final = re.compile(r"[^\W\d_][\w'-]+")
_ROW: Final = len(HISTORY_VALUES)
_LOG_DWELL, _HAS_DWELL = HISTORY_VALUES.index("log_dwell"), HISTORY_VALUES.index("has_dwell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a score tells.

    Attributes:
        interests: `[INTERESTS]`, sketch of the item and of the words of the text. Shared: not to be changed.
        looks: `[LOOKS]`, the item's picture; `None`: there is none.
        representation: `[U]`, the model's view of the user; 0 where it is not finite: sums would never recover.
        log_dwell: ln(1 + dwell seconds); `None`: unknown.
        words: Distinct words of the text, lower case.
    """

    interests: Floats
    looks: Floats | None
    representation: Floats
    log_dwell: float | None
    words: tuple[str, ...]


def evidence_of(score: Score) -> Evidence:
    """Return what a score tells."""
    looks, log_dwell = None, None
    for tensor in score.features.tensors:
        if tensor.name == "image":
            image = np.frombuffer(tensor.data, "<f4")
            looks = _looks(image) if image.any() and np.isfinite(image).all() else None
        elif tensor.name == "history_values" and tensor.data:
            last = np.frombuffer(tensor.data, "<f4", count=_ROW, offset=len(tensor.data) - 4 * _ROW)
            if last[_HAS_DWELL]:
                log_dwell = float(last[_LOG_DWELL])
    text = _text_sketch(score.features.text)
    interests = text.sketch + np.float32(_ITEM) * _token_sketch(f"i:{score.item_id}") if score.item_id else text.sketch
    return Evidence(
        interests=interests,
        looks=looks,
        representation=_finite(np.array(score.user_representation, np.float32)),
        log_dwell=log_dwell,
        words=text.words,
    )


def _finite(values: Floats) -> Floats:
    return values if np.isfinite(values).all() else np.nan_to_num(values, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, slots=True)
class _Text:
    words: tuple[str, ...]
    sketch: Floats


@lru_cache(maxsize=1 << 13)  # 1 KB each: an item's text comes back with each of its events
def _text_sketch(text: str) -> _Text:
    words = tuple(dict.fromkeys(word for word in _WORDS.findall(text.lower())))[:_MOST_WORDS]
    sketch = np.zeros(INTERESTS, np.float32)
    for word in words:
        sketch += np.float32(_WORD) * _token_sketch(f"w:{word}")
    sketch.setflags(write=False)
    return _Text(words, sketch)


@lru_cache(maxsize=1 << 14)  # 0.6 KB each
def _token_sketch(token: str) -> Floats:
    """Return the token's random signs, `[INTERESTS]`, of unit length: a count sketch (Charikar et al. 2002)."""
    sketch = np.zeros(INTERESTS, np.float32)
    bits = xxhash.xxh3_128_intdigest(token.encode())
    for _ in range(_PLACES):
        sketch[(bits >> 1) % INTERESTS] += 1 if bits & 1 else -1
        bits >>= 24
    sketch /= np.float32(math.sqrt(_PLACES))
    sketch.setflags(write=False)
    return sketch


def _looks(image: Floats) -> Floats:
    length = float(np.linalg.norm(image))
    unit = image / np.float32(length)
    if len(image) > LOOKS:
        return (_projection(len(image)) @ unit).astype(np.float32)
    looks = np.zeros(LOOKS, np.float32)
    looks[: len(unit)] = unit
    return looks


@lru_cache(maxsize=4)
def _projection(length: int) -> Floats:
    """Return `[LOOKS, length]`; it keeps angles, about (Johnson and Lindenstrauss 1984)."""
    drawn = np.random.default_rng(length).normal(0, LOOKS**-0.5, (LOOKS, length))
    return drawn.astype(np.float32)
