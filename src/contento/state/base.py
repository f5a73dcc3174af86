"""What is kept per user, item and segment, and how it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Factors, History, Item, RatingCorrection

GroupKind = Literal["item", "segment"]


class StateUnavailable(ContentoError):
    """The store cannot answer now; the same call may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveUser:
    """A user's live scores; `contento.contracts.redis_keys.USER_LIVE_FIELDS` gives units and ranges."""

    satisfaction: float
    slow: float
    p_negative: float
    p_neutral: float
    p_positive: float
    rating: float
    n: int
    segment: str
    bundle: str
    updated_ms: int

    @property
    def trend(self) -> float:
        """Satisfaction minus its slow average, in [-1, 1]: below 0 is falling."""
        return self.satisfaction - self.slow

    @property
    def risk(self) -> float:
        """How dissatisfied the user is, in [0, 1]."""
        return 1 - self.satisfaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGroup:
    """The live scores of an item or a segment: means decayed by event time.

    The decay is anchored at `updated_ms`, so folding events or groups is associative and
    commutative: partitions may be applied in any order.
    Source: Cormode et al., Forward decay: a practical time decay model for streaming systems, 2009.

    Attributes:
        n: Events folded in.
        weight: Their decayed count at `updated_ms`.
        satisfaction: Decayed mean of satisfaction, in [0, 1].
        p_negative: Decayed mean of P(negative), in [0, 1].
        rating: Decayed mean of the expected rating, 1 to 5.
        updated_ms: Time of the newest event, unix milliseconds.
    """

    n: int
    weight: float
    satisfaction: float
    p_negative: float
    rating: float
    updated_ms: int

    def merged(self, other: "LiveGroup", half_life_ms: float) -> "LiveGroup":
        """Return the group that holds the events of both."""
        newest = max(self.updated_ms, other.updated_ms)
        mine = self.weight * 0.5 ** ((newest - self.updated_ms) / half_life_ms)
        others = other.weight * 0.5 ** ((newest - other.updated_ms) / half_life_ms)
        weight = mine + others
        share = others / weight if weight else 0.5
        return LiveGroup(
            n=self.n + other.n,
            weight=weight,
            satisfaction=self.satisfaction + share * (other.satisfaction - self.satisfaction),
            p_negative=self.p_negative + share * (other.p_negative - self.p_negative),
            rating=self.rating + share * (other.rating - self.rating),
            updated_ms=newest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """All that is known of a user.

    Attributes:
        live: Live scores; `None` before the first event.
        applied: Last offset applied, by source (`<cluster>/<topic>/<partition>`).
        history: Last events, oldest first.
        factors: Online factors, where the learner has some.
    """

    live: LiveUser | None = None
    applied: Mapping[str, int] = field(default_factory=dict)
    history: History = field(default_factory=History)
    factors: Factors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What is known of an item: its metadata and online factors, where there are any."""

    meta: Item | None = None
    factors: Factors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEffect:
    """What a batch does to a user, all at once or not at all.

    Attributes:
        user: The user's id.
        source: Where the events come from: `<cluster>/<topic>/<partition>`.
        offset: Offset of the last of them.
        seen_n: The live `n` that the effect builds on; another `n` in the store is a conflict.
        seen_segment: The live segment that it builds on; empty for a new user. The segment is written
            only where the effect changes it, so that one the learner has put there meanwhile stays.
        live: The live scores after it.
        history: The history after it.
        at_risk: Whether the user belongs to those at risk.
    """

    user: str
    source: str
    offset: int
    seen_n: int
    seen_segment: str
    live: LiveUser
    history: History
    at_risk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvent:
    """What one event adds to a group.

    Attributes:
        offset: Its offset in its source.
        satisfaction: Of its score, in [0, 1].
        p_negative: Likewise.
        rating: Expected rating, 1 to 5.
        time_ms: When it was, unix milliseconds.
    """

    offset: int
    satisfaction: float
    p_negative: float
    rating: float
    time_ms: int

    def as_group(self) -> LiveGroup:
        """Return the group of this event alone."""
        return LiveGroup(
            n=1,
            weight=1.0,
            satisfaction=self.satisfaction,
            p_negative=self.p_negative,
            rating=self.rating,
            updated_ms=self.time_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEffect:
    """What a batch adds to an item or a segment.

    The events are not summed up beforehand: after a crash, a batch may hold some that are applied
    already beside some that are not, and the store tells them apart by their offsets.

    Attributes:
        kind: What the group is.
        id: Its id.
        source: Where the events come from: `<cluster>/<topic>/<partition>`.
        events: The events, in the order of their offsets.
    """

    kind: GroupKind
    id: str
    source: str
    events: Sequence[GroupEvent]


class StateStore(Protocol):
    """Live state. Safe for concurrent calls of one event loop.

    Every method raises `StateUnavailable` when the store cannot answer now. All may be repeated.
    """

    async def read(
        self, users: Sequence[str], items: Sequence[str]
    ) -> tuple[dict[str, UserState], dict[str, ItemState]]:
        """Return the state of every user and item named; unknown ones are empty."""
        ...

    async def rating_correction(self) -> RatingCorrection:
        """Return what the learner adds to the ratings of bundles; empty before its first rating."""
        ...

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        """Apply a batch and return the users in conflict, whose effects were not applied.

        Groups change first and users last, each atomically and only by events beyond the last offset
        they have of the source. So a user that has its effect also has those of the groups, and after
        a crash at any moment the same events, in whatever batches, complete what is missing and
        repeat nothing.
        """
        ...

    async def embeddings(self, encoder: str, text_keys: Sequence[str]) -> list[NDArray[np.float16] | None]:
        """Return the cached embeddings of texts by an encoder, `None` for those that are not cached."""
        ...

    async def store_embeddings(self, encoder: str, embeddings: Mapping[str, NDArray[np.float16]]) -> None:
        """Cache embeddings by text key."""
        ...

    async def store_items(self, items: Mapping[str, Item | None]) -> None:
        """Keep the last state of items; `None` deletes."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
