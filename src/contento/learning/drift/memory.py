"""What is remembered of texts and ids, in bounded memory: enough to know a repeat, and a newcomer."""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final
from zlib import crc32

_BITS: Final = 1 << 16
"""Of a filter: 8 kB. At half full it takes half of new ids for known ones: newcomers are missed, none is made up."""
_HASTE_MS: Final = 10_000
"""A text that follows its user's last one within that is in haste: nobody writes a review in less."""

_SUSPECTS: Final = 8
"""Texts kept in full, at most, to be shown."""


class RecentTexts:
    """The last texts of one type of event: does the next repeat one of them, or come in haste after its user's last?"""

    def __init__(self, length: int = 64) -> None:
        """Start empty.

        Args:
            length: Texts remembered.
        """
        self.length = length
        self._ring: list[tuple[int, str, int, int]] = []
        self._place = 0
        self._counts: Counter[int] = Counter()
        self._last: dict[int, int] = {}
        self._suspects: dict[int, str] = {}

    def add(self, text: str, key: str, *, item_id: str, user_id: str, time_ms: int) -> bool | None:
        """Return whether a text repeats a remembered one or comes in haste; remember it. `None`: there are too few yet.

        Args:
            text: The text.
            key: Names it; the text itself where empty.
            item_id: On which item.
            user_id: Whose.
            time_ms: When.
        """
        digest, user = crc32((key or text).encode()), crc32(user_id.encode())
        repeats = digest in self._counts
        hasty = 0 <= time_ms - self._last.pop(user, -_HASTE_MS) < _HASTE_MS
        self._last[user] = time_ms
        if len(self._last) > self.length:
            del self._last[next(iter(self._last))]
        full = len(self._ring) == self.length
        entry = (digest, item_id, user, repeats or hasty)
        if full:
            gone = self._ring[self._place][0]
            self._counts[gone] -= 1
            if not self._counts[gone]:
                del self._counts[gone]
                self._suspects.pop(gone, None)
            self._ring[self._place] = entry
            self._place = (self._place + 1) % self.length
        else:
            self._ring.append(entry)
        self._counts[digest] += 1
        if (repeats or hasty) and digest not in self._suspects:
            self._suspects[digest] = text[:200]
            if len(self._suspects) > _SUSPECTS:
                del self._suspects[next(iter(self._suspects))]
        return repeats or hasty if full else None

    def suspects(self) -> tuple[list[str], str, int]:
        """Return the texts repeated most or in haste, the item they are mostly on, and how many users wrote them."""
        among = [entry for entry in self._ring if entry[3]]
        items = Counter(item for _, item, _, _ in among if item)
        texts = sorted(self._suspects, key=lambda digest: (-self._counts[digest], digest))[:3]
        top = min(items, key=lambda item: (-items[item], item), default="")
        return [self._suspects[digest] for digest in texts], top, len({user for _, _, user, _ in among})

    def state(self) -> dict[str, Any]:
        """Return everything remembered, of what JSON knows."""
        return {
            "ring": self._ring,
            "place": self._place,
            "last": list(self._last.items()),
            "suspects": list(self._suspects.items()),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that `state` has returned."""
        self._ring = [
            (int(digest), str(item), int(user), bool(suspect)) for digest, item, user, suspect in state["ring"]
        ]
        self._place = int(state["place"])
        self._counts = Counter(digest for digest, _, _, _ in self._ring)
        self._last = {int(user): int(time) for user, time in state["last"]}
        self._suspects = {int(digest): str(text) for digest, text in state["suspects"]}


class SeenIds:
    """Which ids were seen lately: two Bloom filters of one hash, the older forgotten when the younger is half full."""

    def __init__(self) -> None:
        """Start empty."""
        self._young, self._old = bytearray(_BITS // 8), bytearray(_BITS // 8)
        self._set = 0

    def add(self, name: str) -> bool:
        """Return whether an id is new, as far as is remembered, and remember it."""
        digest = crc32(name.encode()) & (_BITS - 1)
        byte, bit = digest >> 3, 1 << (digest & 7)
        if self._young[byte] & bit:
            return False
        self._young[byte] |= bit
        self._set += 1
        new = not self._old[byte] & bit
        if self._set > _BITS // 2:
            self._old, self._young, self._set = self._young, bytearray(_BITS // 8), 0
        return new

    def state(self) -> dict[str, Any]:
        """Return everything remembered, of what JSON knows."""
        return {"set": self._set, "filters": [b64encode(each).decode() for each in (self._young, self._old)]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that `state` has returned."""
        self._set = int(state["set"])
        self._young, self._old = (bytearray(b64decode(each)) for each in state["filters"])


class Projections:
    """Means of the users' representations, along a few fixed directions, in [0, 1] about what is usual.

    The directions are of random signs: by the Johnson-Lindenstrauss lemma, a shift of any direction shows in some.
    """

    COUNT: Final = 4
    BATCH: Final = 16
    _USUAL: Final = 32

    def __init__(self) -> None:
        """Start without knowing what is usual."""
        self._start(0)

    def _start(self, length: int) -> None:
        self._sums = [0.0] * length
        self._signs = [_signs(row, length) for row in range(self.COUNT)]
        self._held = self._batches = 0
        self._means, self._squares = [0.0] * self.COUNT, [0.0] * self.COUNT

    def add(self, representation: Sequence[float]) -> list[float] | None:
        """Take a representation; once in `BATCH`, and once it is known what is usual, return each mean in [0, 1].

        Args:
            representation: `[U]`; with another `U` than before, everything starts over.
        """
        if len(representation) != len(self._sums):
            self._start(len(representation))  # a new model: what was usual is of another space
        self._sums = [total + value for total, value in zip(self._sums, representation, strict=True)]
        self._held += 1
        if self._held < self.BATCH:
            return None
        scale = 1.0 / self.BATCH
        values = [
            scale * sum(sign * total for sign, total in zip(signs, self._sums, strict=True)) for signs in self._signs
        ]
        self._sums, self._held = [0.0] * len(self._sums), 0
        if self._batches < self._USUAL:
            self._batches += 1
            for row, value in enumerate(values):
                gap = value - self._means[row]
                self._means[row] += gap / self._batches
                self._squares[row] += gap * (value - self._means[row])
            return None
        # 6 standard deviations to either side reach the ends.
        return [
            0.5 + (value - mean) / (12 * ((square / self._USUAL) ** 0.5 + 1e-9))
            for value, mean, square in zip(values, self._means, self._squares, strict=True)
        ]

    def state(self) -> dict[str, Any]:
        """Return everything remembered, of what JSON knows."""
        return {
            "sums": self._sums,
            "held": self._held,
            "batches": self._batches,
            "means": self._means,
            "squares": self._squares,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that `state` has returned."""
        self._start(len(state["sums"]))
        self._sums, self._means, self._squares = (list(state[name]) for name in ("sums", "means", "squares"))
        self._held, self._batches = int(state["held"]), int(state["batches"])


def _signs(row: int, length: int) -> list[float]:
    # Of a cryptographic hash: a CRC is linear, and gives every row the same signs.
    return [1.0 if sha256(f"{row} {place}".encode()).digest()[0] & 1 else -1.0 for place in range(length)]
