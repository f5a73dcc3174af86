from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from unit.simulate.conftest import Played

from contento.contracts.messages import UserEvent
from contento.simulate.scenarios import SCENARIOS
from contento.simulate.truth import PlantedDrift
from contento.simulate.vocabulary import VERDICTS

Play = Callable[[str], Played]


def split(world: Played, drift: PlantedDrift) -> tuple[list[UserEvent], list[UserEvent]]:
    """Return the events outside and inside the time of a drift."""
    sides: tuple[list[UserEvent], list[UserEvent]] = ([], [])
    for event in world.events:
        moment = event.time.ToMilliseconds()
        sides[drift.start_ms <= moment < (drift.end_ms or moment + 1)].append(event)
    return sides


def only(world: Played) -> PlantedDrift:
    [drift] = world.truth.drifts
    return drift


@pytest.mark.parametrize("name", SCENARIOS)
def test_drifts_come_as_planned(play: Play, name: str) -> None:
    world = play(name)
    assert [drift.kind for drift in world.truth.drifts] == [plan.kind for plan in SCENARIOS[name]]
    first, last = (world.events[place].time.ToMilliseconds() for place in (0, -1))
    for drift, plan in zip(world.truth.drifts, SCENARIOS[name], strict=True):
        assert (drift.start_ms - first) / (last - first) == pytest.approx(plan.start, abs=0.08)
        assert (drift.end_ms is None) == (plan.end == 1)


def test_drifts_are_scheduled_by_option(play: Play) -> None:
    world = play("steady?events=2000&drifts=spam@0.5-0.6,outage@0.2")
    assert [(drift.kind, drift.end_ms is None) for drift in world.truth.drifts] == [("outage", True), ("spam", False)]


def test_a_taste_shift_turns_what_one_group_likes(play: Play) -> None:
    world = play("taste-shift?events=40000")
    drift = only(world)
    groups = {world.truth.groups[user] for user in drift.users}
    assert len(groups) == 1

    def likes(events: list[UserEvent], *, shifted: bool) -> dict[str, float]:
        by_category = defaultdict(list)
        for event in events:
            if event.type == "view" and (event.user_id in drift.users) == shifted:
                by_category[event.item_id].append(world.truth[event.event_id].rating)
        return {item: float(np.mean(ratings)) for item, ratings in by_category.items() if len(ratings) >= 3}

    def agreement(*, shifted: bool) -> float:
        before, after = (likes(events, shifted=shifted) for events in split(world, drift))
        both = sorted(before.keys() & after.keys())
        assert len(both) > 50
        return float(np.corrcoef([before[item] for item in both], [after[item] for item in both])[0, 1])

    assert agreement(shifted=False) > 0.6
    assert agreement(shifted=True) < 0.3


def test_a_broken_product_is_rated_down_and_its_reviews_say_so(play: Play) -> None:
    world = play("broken-product?events=40000")
    drift = only(world)
    assert len(drift.items) == 3
    outside, inside = split(world, drift)

    def level(events: list[UserEvent], *, broken: bool) -> float:
        ratings = [
            world.truth[event.event_id].rating
            for event in events
            if event.type == "view" and (event.item_id in drift.items) == broken
        ]
        assert len(ratings) > 100
        return float(np.mean(ratings))

    assert level(inside, broken=True) < level(outside, broken=True) - 1
    assert level(inside, broken=False) == pytest.approx(level(outside, broken=False), abs=0.15)

    def trouble(events: list[UserEvent]) -> float:
        kinds = [event.type for event in events if event.item_id in drift.items]
        return (kinds.count("return") + kinds.count("complaint")) / kinds.count("purchase")

    assert trouble(inside) > 2 * trouble(outside)

    def bad_quality(events: list[UserEvent]) -> float:
        reviews = [event.text.lower() for event in events if event.type == "review" and event.item_id in drift.items]
        words = [clause.partition("{")[0] for clause in VERDICTS["quality"][0]]
        return float(np.mean([any(word in text for word in words) for text in reviews]))

    assert bad_quality(inside) > bad_quality(outside) + 0.15


def test_a_new_segment_appears(play: Play) -> None:
    world = play("new-segment")
    drift = only(world)
    outside, inside = split(world, drift)
    assert drift.segment == "jp"
    assert not [event for event in outside if event.attributes["segment"] == "jp"]
    new = [event for event in inside if event.attributes["segment"] == "jp"]
    assert 0.1 < len(new) / len(inside) < 0.4
    assert {event.user_id for event in new} <= drift.users
    assert {world.truth.groups[event.user_id] for event in new} == {"newcomers"}


def test_an_outage_takes_texts_and_pictures_for_a_time(play: Play) -> None:
    world = play("outage")
    # a session that is under way when the outage begins or ends keeps what it had
    outside, inside = split(world, only(world))
    assert 0.7 < np.mean([not event.text for event in inside]) < 0.9
    assert np.mean([event.HasField("image_embedding") for event in inside]) < 0.02
    assert np.mean([not event.text for event in outside]) < 0.01
    assert np.mean([event.HasField("image_embedding") for event in outside]) > 0.3


def test_spam_floods_three_items_for_a_time(play: Play) -> None:
    world = play("spam")
    drift = only(world)
    spam = [event for event in world.events if world.truth[event.event_id].spam]
    outside, inside = split(world, drift)
    assert not [event for event in outside[: len(outside) // 2] if world.truth[event.event_id].spam]
    assert 0.03 < len(spam) / len(inside) < 0.3
    assert {event.user_id for event in spam} <= drift.users
    assert {event.item_id for event in spam} == drift.items
    assert not drift.users & world.truth.groups.keys()
    praised = [answer.rating for answer in world.feedback if answer.user_id in drift.users]
    assert set(praised) == {5}
