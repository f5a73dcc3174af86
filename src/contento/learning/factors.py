"""What is learned of all users and items: one step at every rating, and what would be served just before it."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import Factors
from contento.contracts.validation import time_ms
from contento.learning.judged import Judged
from contento.model.correction.correction import Corrected, Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.known import UNKNOWN
from contento.model.correction.learned import Learned, before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.correction.steps import MEMBERS
from contento.model.correction.tags import Tags
from contento.model.correction.wire import fill, known_of
from contento.model.factors import TRIANGLE, SideFactors, step_sides

Side = Literal["user", "item"]
CACHED: Final = 20_000
"""Users and items kept in memory, at about 6 KB each."""
_PLACE: Final[dict[Side, int]] = {"user": USER, "item": ITEM}


class Kept(NamedTuple):
    """A user or an item as the store keeps it.

    Attributes:
        factors: `Factors`, for all to read.
        precision: float32 little endian, what only the next step reads: triangles of the precision of the factors, then
            of the members' covariances.
    """

    factors: bytes
    precision: bytes


@dataclass(slots=True)
class _Entry:
    factors: SideFactors
    learned: Learned

    def kept(self) -> Kept:
        message = Factors(n=self.factors.n, mean=self.factors.mean.tolist(), updated_ms=self.learned.known.last_ms)
        fill(message, self.learned.known)
        triangles = np.concatenate([self.factors.precision, self.learned.triangles.ravel()])
        return Kept(message.SerializeToString(deterministic=True), triangles.astype("<f4", copy=False).tobytes())

    @classmethod
    def of(cls, side: Side, kept: Kept) -> "_Entry":
        message = Factors.FromString(kept.factors)
        triangles = np.frombuffer(kept.precision, "<f4")
        mean = np.array(message.mean, np.float32)
        factors = SideFactors(message.n, mean, triangles[:TRIANGLE].copy(), message.updated_ms)
        known = known_of(_PLACE[side], message)
        if known is UNKNOWN[_PLACE[side]]:
            raise StateFormatError(
                f"factors of a {side} are kept in another format than this version's: run the version that wrote them, "
                "or give the learner a new directory"
            )
        return cls(factors, Learned(known, triangles[TRIANGLE:].reshape(MEMBERS, -1).copy()))


class OnlineFactors:
    """Steps factors, and says which have changed. Only a rating makes or changes any."""

    def __init__(
        self,
        read: Callable[[Side, str], Kept | None],
        corrections: Corrections,
        tags_of: Callable[[str], Tags],
        *,
        centre: float,
        cached: int = CACHED,
    ) -> None:
        """Take what there is.

        Args:
            read: Returns what is kept of a `user` or an `item`, `None` where nothing is.
            corrections: What users and items share.
            tags_of: Returns the tags of an item by its id.
            centre: Rating that the biases of factors are measured from.
            cached: Most users and items to hold in memory.
        """
        self._read, self._corrections, self._tags_of = read, corrections, tags_of
        self._centre, self._most = centre, cached
        self._cache: OrderedDict[tuple[Side, str], _Entry] = OrderedDict()
        self._changed: dict[tuple[Side, str], tuple[_Entry, int]] = {}

    def learn(self, judged: Judged, at_ms: int) -> Corrected | None:
        """Take a label in, if it is a rating of an item; return what would have been served for it just before.

        Args:
            judged: The label.
            at_ms: When it came to the learner, unix milliseconds.

        Raises:
            StateFormatError: What is kept of the user or the item is of another format.
        """
        score = judged.score
        if judged.rating is None or not score.item_id:
            return None
        keys: tuple[tuple[Side, str], tuple[Side, str]] = ("user", score.user_id), ("item", score.item_id)
        found = [self._get(key) for key in keys]
        tags = self._tags_of(score.item_id)
        situation = Situation(
            distribution=score.rating.bundle_distribution or score.rating.distribution,
            user=found[0].learned.known if found[0] else UNKNOWN[USER],
            item=found[1].learned.known if found[1] else UNKNOWN[ITEM],
            tags=tags,
            time_ms=time_ms(score.event_time),
        )
        served = self._corrections.learn(score.bundle, situation, judged.rating)
        user, item = (each or _new(key) for each, key in zip(found, keys, strict=True))
        given_ms = time_ms(judged.feedback.time)
        step_sides(user.factors, item.factors, rating=judged.rating, centre=self._centre, time_ms=given_ms)
        self._corrections.learn_tags(tags, learn(user.learned, item.learned, tags, judged.rating, given_ms))
        for key, entry in zip(keys, (user, item), strict=True):
            self._changed[key] = entry, at_ms
            self._put(key, entry)
        return served

    def changed(self) -> dict[tuple[Side, str], tuple[Kept, int]]:
        """Return what has changed since the last call, and when its last rating came."""
        found = {key: (entry.kept(), at_ms) for key, (entry, at_ms) in self._changed.items()}
        self._changed.clear()
        return found

    def forget(self, side: Side, identity: str) -> None:
        """Hold no longer what the store has evicted."""
        self._cache.pop((side, identity), None)

    def _get(self, key: tuple[Side, str]) -> _Entry | None:
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        if key in self._changed:
            return self._changed[key][0]
        kept = self._read(*key)
        return None if kept is None else _Entry.of(key[0], kept)

    def _put(self, key: tuple[Side, str], entry: _Entry) -> None:
        self._cache[key] = entry
        self._cache.move_to_end(key)
        if len(self._cache) > self._most:
            self._cache.popitem(last=False)


def _new(key: tuple[Side, str]) -> _Entry:
    side, identifier = key
    return _Entry(SideFactors.before_any(side, identifier), before_any(_PLACE[side], identifier))
