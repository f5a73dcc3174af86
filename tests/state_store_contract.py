"""What every state store must do; the unit tests run it over memory, the integration tests over Redis."""

from collections.abc import Mapping

import numpy as np
import pytest

from contento.contracts.messages import History, Item, RatingCorrection
from contento.state.base import GroupEffect, GroupEvent, LiveGroup, LiveUser, StateStore, UserEffect

HALF_LIFE_MS = 1000.0
SOURCE = "cluster/events/0"


def live(n: int, satisfaction: float = 0.25) -> LiveUser:
    return LiveUser(
        satisfaction=satisfaction,
        slow=0.5,
        p_negative=0.6,
        p_neutral=0.3,
        p_positive=0.1,
        rating=2.5,
        n=n,
        segment="s",
        bundle="b",
        updated_ms=1000 + n,
    )


def effect(
    user: str, offset: int, *, seen_n: int, n: int | None = None, source: str = SOURCE, at_risk: bool = False
) -> UserEffect:
    return UserEffect(
        user=user,
        source=source,
        offset=offset,
        seen_n=seen_n,
        seen_segment="s" if seen_n else "",
        live=live(seen_n + 1 if n is None else n),
        history=History(event_id=[f"{user}-{offset}"], time_ms=[offset]),
        at_risk=at_risk,
    )


def one(offset: int, *, satisfaction: float = 0.5, at_ms: int = 0) -> GroupEvent:
    return GroupEvent(offset=offset, satisfaction=satisfaction, p_negative=0.2, rating=3.0, time_ms=at_ms)


def group(*events: GroupEvent, source: str = SOURCE) -> GroupEffect:
    return GroupEffect(kind="item", id="i", source=source, events=events)


class StateStoreContract:
    """Inherit, provide `store`, and say how to read what only readers see and to write what others write."""

    async def read_group(self, store: StateStore, kind: str, id_: str) -> LiveGroup | None:
        raise NotImplementedError

    async def write_correction(self, store: StateStore, correction: RatingCorrection) -> None:
        raise NotImplementedError

    async def write_segment(self, store: StateStore, user: str, segment: str) -> None:
        raise NotImplementedError

    async def read_at_risk(self, store: StateStore) -> Mapping[str, float]:
        raise NotImplementedError

    async def test_unknown_users_and_items_are_empty(self, store: StateStore) -> None:
        users, items = await store.read(["u"], ["i"])
        assert users["u"].live is None
        assert users["u"].applied == {}
        assert users["u"].history == History()
        assert users["u"].factors is None
        assert items["i"].meta is None
        assert items["i"].factors is None

    async def test_the_correction_of_ratings_is_read_as_the_learner_wrote_it(self, store: StateStore) -> None:
        assert await store.rating_correction() == RatingCorrection()
        written = RatingCorrection(tag_residuals=b"1234")
        written.bundles.add(bundle="b", weights=[1.5])
        await self.write_correction(store, written)
        assert await store.rating_correction() == written

    async def test_an_effect_is_read_back(self, store: StateStore) -> None:
        made = effect("ü {odd} id", 7, seen_n=0)
        assert await store.apply([made], []) == set()
        users, _ = await store.read([made.user], [])
        assert users[made.user].live == made.live
        assert users[made.user].history == made.history
        assert users[made.user].applied == {SOURCE: 7}

    async def test_the_same_effect_again_changes_nothing(self, store: StateStore) -> None:
        first = effect("u", 7, seen_n=0)
        await store.apply([first], [group(one(7))])
        assert await store.apply([effect("u", 7, seen_n=0, n=99)], [group(one(7))]) == set()
        assert await store.apply([effect("u", 6, seen_n=1, n=99)], [group(one(6))]) == set()
        users, _ = await store.read(["u"], [])
        assert users["u"].live == first.live
        found = await self.read_group(store, "item", "i")
        assert found is not None
        assert found.n == 1

    async def test_an_effect_on_another_state_is_a_conflict(self, store: StateStore) -> None:
        await store.apply([effect("u", 1, seen_n=0)], [])
        assert await store.apply([effect("u", 2, seen_n=0), effect("v", 2, seen_n=0)], []) == {"u"}
        users, _ = await store.read(["u", "v"], [])
        assert users["u"].applied == {SOURCE: 1}
        assert users["v"].applied == {SOURCE: 2}

    async def test_offsets_of_sources_are_apart(self, store: StateStore) -> None:
        await store.apply([effect("u", 5, seen_n=0)], [group(one(5))])
        assert await store.apply([effect("u", 3, seen_n=1, source="other")], [group(one(3), source="other")]) == set()
        users, _ = await store.read(["u"], [])
        assert users["u"].applied == {SOURCE: 5, "other": 3}
        found = await self.read_group(store, "item", "i")
        assert found is not None
        assert found.n == 2

    async def test_of_a_batch_that_is_partly_applied_the_rest_is_applied(self, store: StateStore) -> None:
        await store.apply([], [group(one(1, satisfaction=0.0), one(2, satisfaction=0.0))])
        await store.apply([], [group(one(2, satisfaction=0.0), one(3, satisfaction=0.6), one(5, satisfaction=0.6))])
        found = await self.read_group(store, "item", "i")
        assert found is not None
        assert found.n == 4
        assert found.satisfaction == pytest.approx(0.3)

    async def test_groups_decay_by_event_time_in_any_order(self, store: StateStore) -> None:
        early = (one(1, satisfaction=0.0, at_ms=0), one(2, satisfaction=0.0, at_ms=0))
        await store.apply([], [group(one(9, satisfaction=1.0, at_ms=1000))])
        await store.apply([], [group(*early, source="late")])
        found = await self.read_group(store, "item", "i")
        assert found is not None
        assert (found.n, found.updated_ms) == (3, 1000)
        assert found.weight == pytest.approx(2.0)  # two events one half-life ago weigh as one now
        assert found.satisfaction == pytest.approx(0.5)
        assert found.rating == pytest.approx(3.0)

    async def test_users_enter_and_leave_those_at_risk(self, store: StateStore) -> None:
        await store.apply([effect("u", 1, seen_n=0, at_risk=True), effect("v", 1, seen_n=0)], [])
        assert await self.read_at_risk(store) == {"u": pytest.approx(0.75)}
        await store.apply([effect("u", 2, seen_n=1)], [])
        assert await self.read_at_risk(store) == {}

    async def test_a_segment_that_was_written_meanwhile_stays(self, store: StateStore) -> None:
        await store.apply([effect("u", 1, seen_n=0)], [])
        await self.write_segment(store, "u", "the learner's")
        await store.apply([effect("u", 2, seen_n=1)], [])
        users, _ = await store.read(["u"], [])
        assert users["u"].live is not None
        assert (users["u"].live.segment, users["u"].live.n) == ("the learner's", 2)

    async def test_embeddings_are_kept_by_encoder(self, store: StateStore) -> None:
        vector = np.array([0.5, -0.25, 1e-3], np.float16)
        await store.store_embeddings("a", {"t": vector})
        (found, missing), (other,) = await store.embeddings("a", ["t", "x"]), await store.embeddings("b", ["t"])
        assert found is not None
        np.testing.assert_array_equal(found, vector)
        assert missing is None
        assert other is None
        assert await store.embeddings("a", []) == []

    async def test_items_are_replaced_and_deleted(self, store: StateStore) -> None:
        await store.store_items({"i": Item(item_id="i", title="old"), "j": Item(item_id="j")})
        await store.store_items({"i": Item(item_id="i", title="new"), "j": None})
        _, items = await store.read([], ["i", "j"])
        assert items["i"].meta == Item(item_id="i", title="new")
        assert items["j"].meta is None
