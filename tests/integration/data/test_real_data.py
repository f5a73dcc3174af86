"""The readers on the real data sets, where they lie beside the repository."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from contento.contracts.messages import Feedback, Satisfaction, TextKind, UserEvent
from contento.contracts.validation import validate
from contento.training.readers import open_source
from contento.training.records import Source

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

NOW_MS = 1_780_000_000_000  # 2026-05-28, after all of them

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real data sets in ../shared/data"),
]


def read(source: Source) -> tuple[list[UserEvent], list[Feedback]]:
    """Read all, and check what holds for every data set."""
    events: list[UserEvent] = []
    feedback: list[Feedback] = []
    told: set[str] = set()
    last = 0
    for item in source.items():
        validate(item, now_ms=NOW_MS)
    for record in source.records():
        moment = record.time.ToNanoseconds()
        assert moment >= last
        validate(record, now_ms=NOW_MS)
        last = moment
        if isinstance(record, UserEvent):
            assert record.user_id
            assert record.type
            events.append(record)
            told.add(record.event_id)
        else:
            assert record.event_id in told, "feedback follows its event"
            feedback.append(record)
    assert len(told) == len(events) == source.size
    assert len({answer.feedback_id for answer in feedback}) == len(feedback)
    return events, feedback


def test_movielens_100k_in_river_order_gives_the_published_bias_baseline() -> None:
    """River's own documentation gives .748559 / .947854 for BiasedMF and .754651 for biases, in this order."""
    source = open_source(f"movielens-100k:{DATA / 'movielens-100k'}")
    events, feedback = read(source)
    assert len(events) == len(feedback) == 100_000
    items = {item.item_id: item.title for item in source.items()}
    assert (len(items), items["1"]) == (1682, "Toy Story (1995)")
    assert (events[0].user_id, events[0].item_id, feedback[0].rating) == ("259", "255", 4.0)
    assert all(event.text_kind == TextKind.TEXT_KIND_ITEM for event in events)
    assert len({event.attributes["segment"] for event in events}) == 7
    mean, error = 0.0, 0.0
    for n, answer in enumerate(feedback):
        error += abs(mean - answer.rating)
        mean += (answer.rating - mean) / (n + 1)
    assert error / 100_000 == pytest.approx(0.942, abs=5e-4)


def test_movielens_100k_without_river_order(tmp_path: Path) -> None:
    for name in ("u.data", "u.item", "u.user"):
        (tmp_path / name).symlink_to(DATA / "movielens-100k" / name)
    events, feedback = read(open_source(f"movielens-100k:{tmp_path}"))
    other_events, other_feedback = read(open_source(f"movielens-100k:{DATA / 'movielens-100k'}"))
    # River's times are an hour or two ahead of those of u.data, which are UTC
    for one, two in ((events, other_events), (feedback, other_feedback)):
        assert Counter((record.user_id, record.item_id) for record in one) == Counter(
            (record.user_id, record.item_id) for record in two
        )
    assert Counter(answer.rating for answer in feedback) == Counter(answer.rating for answer in other_feedback)
    keys = [(event.time.seconds, int(event.user_id), int(event.item_id)) for event in events]
    assert keys == sorted(keys)


def test_rees46() -> None:
    source = open_source(f"rees46:{DATA / 'rees46-clickstream' / 'events.csv.gz'}")
    events, feedback = read(source)
    assert not feedback
    assert Counter(event.type for event in events) == {"view": 17055, "purchase": 214, "cart": 165}
    segments = Counter(event.attributes["segment"] for event in events)
    assert (segments["electronics"], segments["other"]) == (6336, 5746)
    assert len(list(source.items())) == len({event.item_id for event in events})
    sofa = next(event for event in events if event.attributes.get("category") == "furniture.living_room.sofa")
    assert sofa.text.startswith("furniture living room sofa")


def test_amazon_reviews() -> None:
    path = DATA / "amazon-musical-instruments" / "reviews.csv.gz"
    columns = "user=reviewerID&item=asin&time=unixReviewTime&text=summary,reviewText&rating=overall"
    events, feedback = read(open_source(f"csv:{path}?{columns}"))
    assert len(events) == len(feedback) == 10_261
    assert (len({event.user_id for event in events}), len({event.item_id for event in events})) == (1429, 900)
    assert {(event.type, event.text_kind) for event in events} == {("review", TextKind.TEXT_KIND_REVIEW)}
    assert {answer.rating for answer in feedback} == {1, 2, 3, 4, 5}
    assert np.mean([answer.rating for answer in feedback]) == pytest.approx(4.489, abs=1e-3)


@pytest.mark.parametrize("time", ["ts_ms", "tweet_created"])
def test_airline_tweets(time: str) -> None:
    path = DATA / "airline-tweets" / "tweets.csv.gz"
    columns = f"time={time}&text=text&label=airline_sentiment&item=airline&session=tweet_id"
    events, feedback = read(open_source(f"csv:{path}?{columns}"))
    assert len(events) == len(feedback) == 14_640
    assert {(event.type, event.text_kind) for event in events} == {("comment", TextKind.TEXT_KIND_COMMENT)}
    labels = Counter(answer.satisfaction for answer in feedback)
    assert labels.most_common() == [
        (Satisfaction.SATISFACTION_NEGATIVE, 9178),
        (Satisfaction.SATISFACTION_NEUTRAL, 3099),
        (Satisfaction.SATISFACTION_POSITIVE, 2363),
    ]
    assert len({event.item_id for event in events}) == 6
