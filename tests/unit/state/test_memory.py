from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_store_contract import HALF_LIFE_MS, StateStoreContract

from contento.contracts.messages import RatingCorrection
from contento.state.base import LiveGroup, StateStore
from contento.state.memory import MemoryStore


class TestMemoryStore(StateStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore(half_life_ms=HALF_LIFE_MS)

    async def read_group(self, store: StateStore, kind: str, id_: str) -> LiveGroup | None:
        assert isinstance(store, MemoryStore)
        return store.groups.get((kind, id_))

    async def write_correction(self, store: StateStore, correction: RatingCorrection) -> None:
        assert isinstance(store, MemoryStore)
        store.correction = correction

    async def write_segment(self, store: StateStore, user: str, segment: str) -> None:
        assert isinstance(store, MemoryStore)
        store.users[user] = replace(store.users[user], segment=segment)

    async def read_at_risk(self, store: StateStore) -> Mapping[str, float]:
        assert isinstance(store, MemoryStore)
        return store.at_risk


share = st.floats(0, 1)
groups = st.builds(
    LiveGroup,
    n=st.integers(1, 100),
    weight=st.floats(0.01, 100),
    satisfaction=share,
    p_negative=share,
    rating=st.floats(1, 5),
    updated_ms=st.integers(0, 20_000),
)


@given(groups, groups, groups)
def test_merging_is_associative_and_commutative(a: LiveGroup, b: LiveGroup, c: LiveGroup) -> None:
    left = a.merged(b, HALF_LIFE_MS).merged(c, HALF_LIFE_MS)
    right = c.merged(b.merged(a, HALF_LIFE_MS), HALF_LIFE_MS)
    assert (left.n, left.updated_ms) == (right.n, right.updated_ms)
    assert left.weight == pytest.approx(right.weight)
    for name in ("satisfaction", "p_negative", "rating"):
        assert getattr(left, name) == pytest.approx(getattr(right, name))
        values = [getattr(g, name) for g in (a, b, c)]
        assert min(values) - 1e-9 <= getattr(left, name) <= max(values) + 1e-9
