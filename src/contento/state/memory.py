"""The in-memory twin of the Redis store: for tests, and for replay without servers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Factors, History, Item, RatingCorrection
from contento.state.base import GroupEffect, ItemState, LiveGroup, LiveUser, UserEffect, UserState


class MemoryStore:
    """State in dictionaries; nothing expires."""

    def __init__(self, *, half_life_ms: float) -> None:
        """Take the half-life of group means, in milliseconds of event time."""
        self._half_life_ms = half_life_ms
        self.users: dict[str, LiveUser] = {}
        self.histories: dict[str, History] = {}
        self.groups: dict[tuple[str, str], LiveGroup] = {}
        self.at_risk: dict[str, float] = {}
        self.factors: dict[tuple[str, str], Factors] = {}
        self.correction = RatingCorrection()
        self.items: dict[str, Item] = {}
        self._applied: dict[tuple[str, str], dict[str, int]] = {}
        self._embeddings: dict[tuple[str, str], NDArray[np.float16]] = {}

    async def read(
        self, users: Sequence[str], items: Sequence[str]
    ) -> tuple[dict[str, UserState], dict[str, ItemState]]:
        """See `StateStore.read`."""
        return (
            {
                user: UserState(
                    live=self.users.get(user),
                    applied=dict(self._applied.get(("user", user), {})),
                    history=self.histories.get(user, History()),
                    factors=self.factors.get(("user", user)),
                )
                for user in users
            },
            {item: ItemState(meta=self.items.get(item), factors=self.factors.get(("item", item))) for item in items},
        )

    async def rating_correction(self) -> RatingCorrection:
        """See `StateStore.rating_correction`."""
        return self.correction

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        """See `StateStore.apply`."""
        for group in groups:
            key = (group.kind, group.id)
            for event in group.events:
                if self._advance(group.kind, group.id, group.source, event.offset):
                    before, added = self.groups.get(key), event.as_group()
                    self.groups[key] = before.merged(added, self._half_life_ms) if before else added
        conflicts = set()
        for effect in users:
            live = self.users.get(effect.user)
            if effect.offset <= self._applied.get(("user", effect.user), {}).get(effect.source, -1):
                continue
            if (live.n if live else 0) != effect.seen_n:
                conflicts.add(effect.user)
                continue
            self._advance("user", effect.user, effect.source, effect.offset)
            unchanged = live is not None and effect.live.segment == effect.seen_segment
            self.users[effect.user] = replace(effect.live, segment=live.segment) if live and unchanged else effect.live
            self.histories[effect.user] = effect.history
            if effect.at_risk:
                self.at_risk[effect.user] = effect.live.risk
            else:
                self.at_risk.pop(effect.user, None)
        return conflicts

    async def embeddings(self, encoder: str, text_keys: Sequence[str]) -> list[NDArray[np.float16] | None]:
        """See `StateStore.embeddings`."""
        return [self._embeddings.get((encoder, key)) for key in text_keys]

    async def store_embeddings(self, encoder: str, embeddings: Mapping[str, NDArray[np.float16]]) -> None:
        """See `StateStore.store_embeddings`."""
        self._embeddings.update({(encoder, key): value for key, value in embeddings.items()})

    async def store_items(self, items: Mapping[str, Item | None]) -> None:
        """See `StateStore.store_items`."""
        for key, item in items.items():
            if item is None:
                self.items.pop(key, None)
            else:
                self.items[key] = item

    async def close(self) -> None:
        """Keep everything: the state is the object's own."""

    def _advance(self, kind: str, id_: str, source: str, offset: int) -> bool:
        applied = self._applied.setdefault((kind, id_), {})
        if offset <= applied.get(source, -1):
            return False
        applied[source] = offset
        return True
