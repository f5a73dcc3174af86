"""What an item is, as a few small numbers: its categories, and its other traits.

Tags are hashed into `BUCKETS` places (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"),
so that a user's tastes take the same room whatever a catalogue holds.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import xxhash

from contento.contracts.messages import Item
from contento.model.correction.steps import BUCKETS

_MOST: Final = 16
"""Tags of a kind that count; an item with more is described by its first."""
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,9})?")
_YEARS: Final = range(1000, 3000)


class Tags:
    """Places in [0, `BUCKETS`) of an item's tags.

    Attributes:
        categories: `[C]`.
        traits: `[T]`.
        every: All of them, each once.
    """

    __slots__ = ("categories", "every", "traits")

    def __init__(self, categories: Sequence[int] = (), traits: Sequence[int] = ()) -> None:
        """Take the places."""
        self.categories, self.traits, self.every = (
            np.array(each, np.uint8) for each in (categories, traits, sorted({*categories, *traits}))
        )

    def __bool__(self) -> bool:
        return len(self.every) > 0

    def packed(self) -> bytes:
        """Return a byte per place, after one that counts the categories."""
        return bytes([len(self.categories), *self.categories, *self.traits])

    @classmethod
    def of(cls, packed: bytes) -> "Tags":
        """Return what was packed."""
        traits = 1 + packed[0]
        return cls(tuple(packed[1:traits]), tuple(packed[traits:]))


def tags_of(item: Item | None) -> Tags:
    """Return an item's tags; traits are its brand, its price and its attributes, numbers rounded."""
    if item is None:
        return Tags()
    traits = [f"brand={item.brand}"] if item.brand else []
    if item.HasField("price"):
        traits.append(f"price={_rounded(item.price)}")
    traits += [
        f"{name}={_rounded(float(value)) if _NUMBER.fullmatch(value) else value}"
        for name, value in sorted(item.attributes.items())
    ]
    return Tags(_places(item.categories[:_MOST]), _places(traits[:_MOST]))


def _rounded(value: float) -> str:
    """Return a number's class: the decade of a year, else the power of the square root of two below it."""
    if value.is_integer() and int(value) in _YEARS:
        return f"{int(value) // 10}x"
    return f"2^{math.floor(2 * math.log2(value)) / 2}" if value > 0 else "0"


def _places(tags: list[str]) -> tuple[int, ...]:
    return tuple(xxhash.xxh3_64_intdigest(tag.encode()) % BUCKETS for tag in tags)
