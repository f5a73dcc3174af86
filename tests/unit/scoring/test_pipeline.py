import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.scoring.world import Crash, MemoryKafka, World, a_record, an_event

from contento.contracts import headers
from contento.contracts.messages import Item, Score
from contento.contracts.record import InputRecord, OutputRecord
from contento.contracts.topics import TopicName
from contento.model.correction.correction import Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.learned import before_any
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import Tags
from contento.scoring import pipeline as pipeline_module
from contento.scoring.pipeline import TooManyUnprocessable
from contento.scoring.ports import PublishFailed
from contento.state.base import GroupEffect, StateUnavailable, UserEffect
from contento.state.memory import MemoryStore


def scores(world: World) -> list[Score]:
    return [Score.FromString(record.value or b"") for record in world.kafka.topics["scores"]]


async def test_an_event_becomes_a_score_and_live_state() -> None:
    world = World()
    trace = (headers.TRACEPARENT, b"00-1-2-01")
    await world.pipeline.process_events([a_record(an_event(1, text="lovely"), 5, headers=[trace])])
    (score,) = scores(world)
    assert (score.event_id, score.bundle, score.encoder, score.arm) == ("e1", "bundle-1", "encoder-1", "serving")
    assert score.segment == "segment of u"
    assert list(score.missing_towers) == ["image", "factors"]
    assert score.rating.mean == pytest.approx(sum(p * (i + 1) for i, p in enumerate(score.rating.distribution)))
    assert score.source.offset == 5
    assert score.features.text == "lovely"
    assert {tensor.name for tensor in score.features.tensors} == {"history_ids", "history_values", "factors", "present"}
    assert list(world.kafka.topics["scores"][0].headers) == [trace]
    assert world.store.users["u"].satisfaction == pytest.approx(score.satisfaction.value)
    assert world.store.groups["item", "i"].n == world.store.groups["segment", "segment of u"].n == 1
    assert list(world.store.histories["u"].satisfaction) == [pytest.approx(score.satisfaction.value)]


async def test_one_batch_is_as_good_as_one_event_at_a_time() -> None:
    events = [an_event(n, user=f"u{n % 3}", item=f"i{n % 4}", text=f"text {n % 5}") for n in range(120)]
    for event in events[::2]:
        del event.attributes["segment"]  # these stay where their user is
    together, apart = World(), World()
    await together.pipeline.process_events([a_record(event, n) for n, event in enumerate(events)])
    for n, event in enumerate(events):
        await apart.pipeline.process_events([a_record(event, n)])
    assert together.store.histories == apart.store.histories
    assert together.store.users == apart.store.users
    assert scores(together) == scores(apart)


async def test_an_event_sent_twice_changes_nothing() -> None:
    world = World()
    await world.pipeline.process_events([a_record(an_event(1), 1), a_record(an_event(1), 2)])
    await world.pipeline.process_events([a_record(an_event(1), 3)])
    assert [score.event_id for score in scores(world)] == ["e1"]
    assert world.store.users["u"].n == 1
    assert world.metrics.counts["duplicate"] == 2


async def test_texts_are_encoded_once() -> None:
    world = World()
    await world.pipeline.process_events([a_record(an_event(n, text="same"), n) for n in range(5)])
    world.restart()
    await world.pipeline.process_events([a_record(an_event(9, text="same"), 9)])
    assert world.model.encoded == ["same"]
    assert world.metrics.counts["embedding redis"] == 1


async def test_an_items_text_stands_in_for_the_events() -> None:
    world = World()
    item = Item(item_id="i", title="Kettle", description="boils water")
    record = a_record(item.SerializeToString(), 0, topic="contento.items", key=b"i")
    await world.pipeline.process_items([record])
    await world.pipeline.process_events([a_record(an_event(1), 1)])
    assert world.model.encoded == ["Kettle. boils water"]
    await world.pipeline.process_items([a_record(None, 1, topic="contento.items", key=b"i")])
    assert world.store.items == {}


async def test_ratings_are_corrected_by_what_the_learner_has_written() -> None:
    world = World()
    await world.pipeline.process_events([a_record(an_event(1), 1)])
    world.restart()  # or what was read a moment ago would be used
    corrections, known = Corrections(), (before_any(USER, "u").known, before_any(ITEM, "i").known)
    for turn in range(20):
        situation = Situation(
            distribution=(0.1, 0.1, 0.2, 0.3, 0.3), user=known[0], item=known[1], tags=Tags(), time_ms=turn
        )
        corrections.learn("bundle-1", situation, 1.0)
    world.store.correction = corrections.message()
    await world.pipeline.process_events([a_record(an_event(2), 2)])
    before, after = (score.rating for score in scores(world))
    assert not before.bundle_distribution
    assert len(after.bundle_distribution) == 5
    assert after.mean < before.mean - 1


async def test_a_bundle_with_another_encoder_gets_new_embeddings() -> None:
    world = World()
    await world.pipeline.process_events([a_record(an_event(1, text="a"), 1)])
    world.model.encoder = "encoder-2"
    await world.pipeline.process_events([a_record(an_event(2, text="a"), 2)])
    assert [score.encoder for score in scores(world)] == ["encoder-1", "encoder-2"]
    assert world.model.encoded == ["a", "a"]


async def test_a_bad_record_is_buried_and_the_rest_scored() -> None:
    world = World()
    bad = a_record(b"\xff\xff", 2, headers=[("x", b"1")], key=b"k")
    await world.pipeline.process_events([a_record(an_event(1), 1), bad, a_record(an_event(3), 3)])
    assert [score.event_id for score in scores(world)] == ["e1", "e3"]
    (letter,) = world.kafka.topics["dlq"]
    found = dict(letter.headers)
    assert (letter.key, letter.value, found["x"]) == (b"k", b"\xff\xff", b"1")
    assert found[headers.ERROR_CODE] == b"undecodable"
    assert (found[headers.SOURCE_TOPIC], found[headers.SOURCE_OFFSET]) == (b"contento.events", b"2")


async def test_an_event_that_breaks_the_scorer_is_buried_alone() -> None:
    world = World()
    world.model.poison = "poison"
    events = [an_event(1), an_event(2, user="v", item="poison"), an_event(3, user="w")]
    await world.pipeline.process_events([a_record(event, n) for n, event in enumerate(events)])
    assert [score.event_id for score in scores(world)] == ["e1", "e3"]
    assert dict(world.kafka.topics["dlq"][0].headers)[headers.ERROR_CODE] == b"unprocessable"


async def test_a_scorer_that_can_score_nothing_stops_before_it_drains_the_topic() -> None:
    world = World()
    world.model.poison = "i"
    with pytest.raises(TooManyUnprocessable, match="nothing is lost"):
        await world.pipeline.process_events([a_record(an_event(n, user=f"u{n}"), n) for n in range(20)])
    assert len(world.kafka.topics["dlq"]) == 2  # the limit of these tests is 3


async def test_a_user_in_two_partitions_gets_both_events() -> None:
    world = World()
    await world.pipeline.process_events(
        [a_record(an_event(1), 7, partition=0), a_record(an_event(2), 3, partition=1), a_record(an_event(3), 8)]
    )
    assert world.store.users["u"].n == 3
    assert sorted(score.event_id for score in scores(world)) == ["e1", "e2", "e3"]


class RacedStore(MemoryStore):
    """Another worker gets in between reading and writing, once."""

    raced = False

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        if not self.raced:
            self.raced = True
            other = World()
            await other.restart(store=self).process_events([a_record(an_event(99), 1, partition=9)])
        return await super().apply(users, groups)


async def test_a_lost_race_for_a_user_is_run_again() -> None:
    world = World()
    store = RacedStore(half_life_ms=1000.0)
    world.store = store
    await world.restart().process_events([a_record(an_event(1), 1)])
    assert store.users["u"].n == 2
    assert sorted(store.histories["u"].event_id) == ["e1", "e99"]


class FlakyStore(MemoryStore):
    down_for = 3

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        if self.down_for:
            self.down_for -= 1
            raise StateUnavailable("down")
        return await super().apply(users, groups)


class FlakyKafka(MemoryKafka):
    down_for = 2

    async def publish(self, topic: TopicName, records: Sequence[OutputRecord]) -> None:
        if self.down_for:
            self.down_for -= 1
            raise PublishFailed("down")
        await super().publish(topic, records)


async def test_parts_that_are_down_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_module, "FIRST_PAUSE_S", 0.0)
    world = World()
    world.store, world.kafka = FlakyStore(half_life_ms=1000.0), FlakyKafka()
    await world.restart().process_events([a_record(an_event(1), 1)])
    assert world.store.users["u"].n == 1
    assert (world.metrics.counts["StateUnavailable"], world.metrics.counts["PublishFailed"]) == (3, 2)


class CrashingStore(MemoryStore):
    """Dies after a number of single effects: between those of one batch, too."""

    def __init__(self, world: World, effects: int) -> None:
        super().__init__(half_life_ms=1000.0)
        self.__dict__.update({k: v for k, v in world.store.__dict__.items() if k != "effects"})
        self.effects = effects

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        conflicts: set[str] = set()
        for group in groups:
            self.spend()
            await super().apply([], [group])
        for user in users:
            self.spend()
            conflicts |= await super().apply([user], [])
        return conflicts

    def spend(self) -> None:
        if self.effects == 0:
            raise Crash
        self.effects -= 1


class CrashingKafka(MemoryKafka):
    def __init__(self, world: World, records: int) -> None:
        super().__init__()
        self.topics, self.records = world.kafka.topics, records

    async def publish(self, topic: TopicName, records: Sequence[OutputRecord]) -> None:
        for record in records:
            if self.records == 0:
                raise Crash
            self.records -= 1
            await super().publish(topic, [record])


def events_strategy() -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Lists of (event number, user, item); a repeated number is an event sent twice."""
    return st.lists(st.tuples(st.integers(0, 25), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    events=events_strategy(),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=10),
    crashes=st.lists(st.tuples(st.sampled_from(["store", "kafka"]), st.integers(0, 12)), max_size=8),
)
def test_crashes_at_any_effect_leave_what_an_uninterrupted_run_leaves(
    events: list[tuple[int, int, int]], sizes: list[int], crashes: list[tuple[str, int]]
) -> None:
    records = [
        a_record(an_event(n, user=f"u{u}", item=f"i{i}", event_id=f"{u}-{n}"), offset, partition=0)
        for offset, (n, u, i) in enumerate(events)
    ]

    async def calm() -> World:
        world = World()
        await world.pipeline.process_events(records)
        return world

    async def stormy() -> World:
        world, committed, plan, turn = World(), 0, list(crashes), 0
        while committed < len(records):
            batch = records[committed : committed + sizes[turn % len(sizes)]]
            turn += 1
            place, after = plan.pop() if plan else ("", 0)
            store = CrashingStore(world, after) if place == "store" else world.store
            kafka = CrashingKafka(world, after) if place == "kafka" else world.kafka
            try:
                await world.restart(store=store, kafka=kafka).process_events(batch)
            except Crash:
                continue  # nothing was committed: the next process begins here again, with another batch size
            committed += len(batch)
        return world

    quiet, wild = asyncio.run(calm()), asyncio.run(stormy())
    assert wild.store.users == quiet.store.users
    assert wild.store.histories == quiet.store.histories
    assert_close_groups(wild.store, quiet.store)
    first = {score.event_id: score for score in reversed(scores(wild))}
    assert first.keys() == {score.event_id for score in scores(quiet)}
    for score in scores(wild):
        assert score == first[score.event_id]


def assert_close_groups(a: MemoryStore, b: MemoryStore) -> None:
    """Groups hold the same events; their sums may round apart in another order."""
    assert a.groups.keys() == b.groups.keys()
    for key, group in a.groups.items():
        other = b.groups[key]
        assert (group.n, group.updated_ms) == (other.n, other.updated_ms)
        figures: Mapping[str, float] = {name: getattr(other, name) for name in ("weight", "satisfaction", "rating")}
        for name, value in figures.items():
            assert getattr(group, name) == pytest.approx(value)


async def test_the_last_of_an_items_records_counts() -> None:
    def records(*states: str | None, first: int) -> list[InputRecord]:
        made = []
        for n, title in enumerate(states):
            value = None if title is None else Item(item_id="i", title=title).SerializeToString()
            made.append(a_record(value, first + n, topic="contento.items", key=b"i"))
        return made

    world = World()
    await world.pipeline.process_items(records("old", None, "new", first=0))
    assert world.store.items["i"].title == "new"
    await world.pipeline.process_items(records("newer", None, first=3))
    assert world.store.items == {}
