"""Online factors of all users and items: one exact step at every rating."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal

from contento.contracts.messages import Factors
from contento.contracts.validation import time_ms
from contento.learning.judged import Judged
from contento.model.factors import step

Side = Literal["user", "item"]
CACHED: Final = 50_000
"""Factors kept in memory, at about 2 KB each."""


class OnlineFactors:
    """Steps factors, and says which have changed. Only a rating makes or changes any."""

    def __init__(self, read: Callable[[Side, str], bytes | None], *, centre: float, cached: int = CACHED) -> None:
        """Take what there is.

        Args:
            read: Returns the kept factors of a `user` or an `item`, `None` where there are none.
            centre: Rating that biases are measured from.
            cached: Most factors to hold in memory.
        """
        self._read, self._centre, self._most = read, centre, cached
        self._cache: OrderedDict[tuple[Side, str], Factors | None] = OrderedDict()
        self._changed: dict[tuple[Side, str], tuple[Factors, int]] = {}

    def learn(self, judged: Judged, at_ms: int) -> None:
        """Let the factors of a user and an item take a step, if the label is a rating of an item.

        Args:
            judged: The label.
            at_ms: When it came to the learner, unix milliseconds.
        """
        score = judged.score
        if judged.rating is None or not score.item_id:
            return
        keys: tuple[tuple[Side, str], tuple[Side, str]] = ("user", score.user_id), ("item", score.item_id)
        user, item = (self._get(key) for key in keys)
        stepped = step(
            score.user_id,
            user,
            score.item_id,
            item,
            rating=judged.rating,
            centre=self._centre,
            time_ms=time_ms(judged.feedback.time),
        )
        for key, factors in zip(keys, stepped, strict=True):
            self._changed[key] = factors, at_ms
            self._put(key, factors)

    def changed(self) -> dict[tuple[Side, str], tuple[bytes, int]]:
        """Return the factors that have changed since the last call, and when their last rating came."""
        found = {key: (factors.SerializeToString(), at_ms) for key, (factors, at_ms) in self._changed.items()}
        self._changed.clear()
        return found

    def forget(self, side: Side, identity: str) -> None:
        """Hold no longer what the store has evicted."""
        self._cache.pop((side, identity), None)

    def _get(self, key: tuple[Side, str]) -> Factors | None:
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        if key in self._changed:
            return self._changed[key][0]
        kept = self._read(*key)
        factors = None if kept is None else Factors.FromString(kept)
        self._put(key, factors)
        return factors

    def _put(self, key: tuple[Side, str], factors: Factors | None) -> None:
        self._cache[key] = factors
        self._cache.move_to_end(key)
        if len(self._cache) > self._most:
            self._cache.popitem(last=False)
