from collections.abc import Iterator

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.training.evaluation.ratings import EvaluationError, ratings_of, read_ratings


class Log:
    name = "log"
    size = None

    def __init__(self, records: list[UserEvent | Feedback]) -> None:
        self._records = records

    def items(self) -> Iterator[Item]:
        yield Item(item_id="never rated", categories=["z"])
        yield Item(item_id="b", categories=["x", "y"], price=2.5, attributes={"year": "1995", "maker": "12 monkeys"})

    def records(self) -> Iterator[UserEvent | Feedback]:
        yield from self._records


def event(user: str, **attributes: str) -> UserEvent:
    return UserEvent(event_id="e", user_id=user, type="view", time=Timestamp(seconds=1), attributes=attributes)


def rated(user: str, item: str, stars: float, seconds: int = 1) -> Feedback:
    return Feedback(user_id=user, item_id=item, rating=stars, time=Timestamp(seconds=seconds, nanos=500_000_000))


def test_ratings_are_read_in_order_with_what_was_known_then() -> None:
    records: list[UserEvent | Feedback] = [
        event("u", age="old"),
        rated("u", "a", 4, seconds=2),
        event("u", city="Rome"),
        event("v", age="young"),
        rated("u", "b", 2),
        rated("v", "a", 5),
        Feedback(user_id="v", item_id="a", time=Timestamp(seconds=9)),
        rated("v", "", 1),
    ]
    found = read_ratings(Log(records))
    assert (found.user_ids[0], found.item_ids, found.ratings.tolist()) == ("u", ("a", "b"), [4, 2, 5])
    assert [case.attributes for case in found.cases] == [(0, -1), (0, 0), (1, -1)]
    assert found.attributes == {"age": ("old", "young"), "city": ("Rome",)}
    assert found.attribute("city").tolist() == ["", "Rome", ""]
    assert found.attribute("item").tolist() == ["a", "b", "a"]
    assert [(case.user, case.item) for case in found.cases] == [(0, 0), (0, 1), (1, 0)]
    assert found.cases[0].time == 2.5
    assert np.array_equal(found.categories.sum(1), [0, 2])
    assert np.array_equal(found.numbers, [[np.nan, np.nan], [2.5, 1995]], equal_nan=True)


def test_a_limit_counts_events() -> None:
    records: list[UserEvent | Feedback] = [
        event("u"),
        rated("u", "a", 4),
        event("u"),
        rated("u", "b", 3),
        event("u"),
        rated("u", "c", 3),
    ]
    assert len(read_ratings(Log(records), limit=2).cases) == 2


def test_data_without_ratings_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r"log: no rating of an item: name data with ratings"):
        read_ratings(Log([event("u")]))


def test_an_attribute_that_nobody_has_is_refused() -> None:
    found = read_ratings(Log([event("u", age="old"), rated("u", "a", 4)]))
    with pytest.raises(EvaluationError, match=r"--groups city: .*: give one of age, item"):
        found.attribute("city")


def test_ratings_of_ids_know_nothing_else() -> None:
    found = ratings_of(["u", "v", "u"], ["b", "b", "a"], np.array([1.0, 2.0, 3.0]))
    assert found.pairs() == [("u", "b"), ("v", "b"), ("u", "a")]
    assert (found.user_ids, found.item_ids, found.attributes) == (("u", "v"), ("b", "a"), {})
