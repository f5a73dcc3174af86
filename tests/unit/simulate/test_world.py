import hashlib
import math
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from unit.simulate.conftest import Played

from contento.contracts.messages import Satisfaction, TextKind, UserEvent
from contento.contracts.validation import validate
from contento.simulate.laws import IMAGE_DIMENSION, IMAGE_ENCODER
from contento.simulate.world import START_MS

Play = Callable[[str], Played]

DIGEST = """
import hashlib
from contento.simulate.source import SimulatedSource
source = SimulatedSource("x", "all", {"events": "3000"})
digest = hashlib.sha256()
for record in (*source.items(), *source.records()):
    digest.update(record.SerializeToString(deterministic=True))
print(digest.hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == hashlib.sha256().digest_size * 2


def test_reading_again_gives_the_same_and_another_seed_another_world(play: Play) -> None:
    world = play("steady?events=1000")
    assert list(world.source.records()) == world.records
    other = play("steady?events=1000&seed=8")
    assert [event.text for event in other.events] != [event.text for event in world.events]
    assert not {event.event_id for event in other.events} & {event.event_id for event in world.events}


def test_there_are_as_many_events_as_asked_for_in_time_order_with_ids_of_their_own(play: Play) -> None:
    world = play("steady")
    assert len(world.events) == world.source.size == len(world.truth) == 20_000
    moments = [record.time.ToNanoseconds() for record in world.records]
    assert moments == sorted(moments)
    assert len({event.event_id for event in world.events}) == 20_000
    assert len({answer.feedback_id for answer in world.feedback}) == len(world.feedback)
    lasted = (world.events[-1].time.seconds - world.events[0].time.seconds) / 86_400
    assert 12 < lasted < 16


def test_events_are_complete(play: Play) -> None:
    world = play("steady")
    items = {item.item_id: item for item in world.source.items()}
    assert len(items) == 200
    for event in world.events:
        assert event.user_id
        assert event.session_id
        assert event.text
        assert event.attributes["segment"] in {"it", "de", "us", "br"}
        if event.text_kind == TextKind.TEXT_KIND_ITEM:
            item = items[event.item_id]
            assert event.text == f"{item.title}. {item.description}"
            assert event.image_embedding == item.image_embedding
    kinds = Counter(event.type for event in world.events)
    assert set(kinds) == {
        "search", "view", "cart", "remove_from_cart", "purchase", "return", "review", "complaint",
    }  # fmt: skip
    assert kinds["view"] > kinds["cart"] > kinds["purchase"] > kinds["review"] > kinds["return"] > 10


@pytest.mark.parametrize("scenario", ["steady", "all"])
def test_a_scorer_takes_every_record(play: Play, scenario: str) -> None:
    world = play(scenario)
    for record in (*world.source.items(), *world.records):
        validate(record, now_ms=START_MS + 30 * 86_400_000)


def test_no_message_tells_the_planted_group(play: Play) -> None:
    world = play("steady?events=1000")
    groups = set(world.truth.groups.values())
    assert len(groups) == 4
    everything = "".join(str(record) for record in (*world.source.items(), *world.records))
    assert not [group for group in groups if group in everything]


def test_a_user_does_one_thing_at_a_time(play: Play) -> None:
    sessions: dict[str, list[str]] = defaultdict(list)
    for event in play("steady").events:
        if not sessions[event.user_id] or sessions[event.user_id][-1] != event.session_id:
            sessions[event.user_id].append(event.session_id)
    assert all(len(order) == len(set(order)) for order in sessions.values())


def test_feedback_comes_later_and_for_most_events_never(play: Play) -> None:
    world = play("steady")
    moments = {event.event_id: event.time.ToMilliseconds() for event in world.events}
    users = {event.event_id: event.user_id for event in world.events}
    delays = []
    for answer in world.feedback:
        if answer.event_id:
            assert users[answer.event_id] == answer.user_id
            delays.append((answer.time.ToMilliseconds() - moments[answer.event_id]) / 1000)
        else:
            assert answer.item_id
    assert min(delays) >= 0
    assert np.quantile(delays, [0.01, 0.99]) == pytest.approx([2, 3 * 86_400], rel=0.9)
    assert 0.05 < len({answer.event_id for answer in world.feedback}) / len(world.events) < 0.4
    kinds = Counter(answer.WhichOneof("kind") for answer in world.feedback)
    assert min(kinds["rating"], kinds["satisfaction"], kinds["outcome"]) > 200
    outcomes = Counter((answer.outcome.name, answer.outcome.happened) for answer in world.feedback)
    assert {(name, told) for name in ("click", "purchase", "churn") for told in (True, False)} <= set(outcomes)


def test_churn_is_told_as_it_was(play: Play) -> None:
    world = play("steady")
    last: dict[str, list[int]] = defaultdict(list)
    for event in world.events:
        last[event.user_id].append(event.time.ToMilliseconds())
    moments = {event.event_id: event.time.ToMilliseconds() for event in world.events}
    told = 0
    for answer in world.feedback:
        if answer.outcome.name == "churn" and answer.outcome.happened:
            begin, end = moments[answer.event_id], answer.time.ToMilliseconds()
            # the session that the answer is about may go on for some minutes after the event it names
            assert not [moment for moment in last[answer.user_id] if begin + 600_000 < moment < end]
            told += 1
    assert told > 5


def test_ratings_follow_the_truth(play: Play) -> None:
    world = play("steady")
    rows = [
        (world.truth[answer.event_id].rating, answer.rating)
        for answer in world.feedback
        if answer.WhichOneof("kind") == "rating" and answer.event_id
    ]
    expected, given = np.array(rows).T
    assert given.std() > 0.9
    assert abs((given - expected).mean()) < 0.06
    assert math.sqrt(((given - expected) ** 2).mean()) < 0.6 * given.std()
    assert set(given) == {1, 2, 3, 4, 5}


def test_labels_follow_the_truth(play: Play) -> None:
    world = play("steady")
    rows = [
        (*world.truth[answer.event_id].satisfaction, answer.satisfaction - Satisfaction.SATISFACTION_NEGATIVE)
        for answer in world.feedback
        if answer.WhichOneof("kind") == "satisfaction"
    ]
    table = np.array(rows)
    labels = table[:, 3].astype(int)
    surprise = -np.log(table[np.arange(len(labels)), labels]).mean()
    share = np.bincount(labels, minlength=3) / len(labels)
    assert share.min() > 0.1
    assert surprise < 0.85 * -(share * np.log(share)).sum()


def test_behaviour_reveals_satisfaction(play: Play) -> None:
    world = play("steady")

    def content(kind: str) -> float:
        chosen = [world.truth[event.event_id].satisfaction[2] for event in world.events if event.type == kind]
        return float(np.mean(chosen))

    assert content("complaint") < content("return") < content("view") < content("purchase")


def test_pictures_show_what_an_item_is(play: Play) -> None:
    """A linear map from picture to liking, found on half of the items, holds on the other half."""
    world = play("steady?items=600&events=20000")
    pictured = [item for item in world.source.items() if item.HasField("image_embedding")]
    assert 0.5 < len(pictured) / 600 < 0.7
    assert {(len(item.image_embedding.values), item.image_embedding.encoder) for item in pictured} == {
        (IMAGE_DIMENSION, IMAGE_ENCODER)
    }
    liking = defaultdict(list)
    for event in world.events:
        if event.type == "view" and world.truth.groups[event.user_id] == "savers":
            liking[event.item_id].append(world.truth[event.event_id].rating)
    seen = [item for item in pictured if len(liking[item.item_id]) >= 2]
    x = np.array([item.image_embedding.values for item in seen])
    y = np.array([np.mean(liking[item.item_id]) for item in seen])
    half = len(seen) // 2
    level = y[:half].mean()
    weights = np.linalg.solve(x[:half].T @ x[:half] + 0.3 * np.eye(IMAGE_DIMENSION), x[:half].T @ (y[:half] - level))
    assert np.corrcoef(x[half:] @ weights, y[half:])[0, 1] > 0.5


def test_the_words_of_a_review_tell_its_rating(play: Play) -> None:
    world = play("steady?events=40000")
    stars = {answer.event_id: answer.rating for answer in world.feedback if answer.WhichOneof("kind") == "rating"}
    reviews = [(event.text, stars[event.event_id]) for event in world.events if is_rated_review(event, stars)]
    half = len(reviews) // 2
    assert len({text for text, _ in reviews}) > 0.95 * len(reviews)
    level = float(np.mean([rating for _, rating in reviews[:half]]))
    weight: dict[str, list[float]] = defaultdict(list)
    for text, rating in reviews[:half]:
        for word in set(text.lower().split()):
            weight[word].append(rating - level)
    guesses = [
        sum(sum(weight[word]) / (len(weight[word]) + 3) for word in set(text.lower().split()) if word in weight)
        for text, _ in reviews[half:]
    ]
    assert np.corrcoef(guesses, [rating for _, rating in reviews[half:]])[0, 1] > 0.7


def is_rated_review(event: UserEvent, stars: dict[str, float]) -> bool:
    return event.type == "review" and event.event_id in stars


def test_the_truth_knows_only_its_own_events(play: Play) -> None:
    truth = play("steady?events=1000").truth
    assert truth["sim7-999"]
    for event_id in ("sim7-1000", "sim8-1", "sim7-", "1", "sim7-x"):
        with pytest.raises(KeyError):
            truth[event_id]


def test_few_users_and_many_events_still_make_a_world(play: Play) -> None:
    world = play("steady?users=2&items=16&events=2000&days=1")
    assert len(world.events) == 2000
    moments = [record.time.ToNanoseconds() for record in world.records]
    assert moments == sorted(moments)
