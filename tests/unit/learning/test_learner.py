"""The whole core over a store: what comes of records, and that no crash shows."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from feedback_log import DAY_MS, START_MS, feedback_of, score_of
from google.protobuf.message import Message

from contento.contracts import headers
from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import DriftAlert, Factors, Item, Score
from contento.contracts.record import InputRecord, unpacked
from contento.contracts.rejection import RejectedRecord
from contento.contracts.topics import TopicName
from contento.learning.factors import Kept
from contento.learning.judged import Judged
from contento.learning.learner import Learner, LearnerOptions
from contento.learning.store import LearnerStore
from contento.model.factors import step

Line = tuple[TopicName, InputRecord]


class Numbered:
    """Gives records their offsets."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}

    def __call__(self, topic: TopicName, message: Message | bytes, at_ms: int = START_MS) -> Line:
        offset = self.next.get(topic, 0)
        self.next[topic] = offset + 1
        value = message if isinstance(message, bytes) else message.SerializeToString()
        return topic, InputRecord(
            topic=f"contento.{topic}", partition=0, offset=offset, timestamp_ms=at_ms, key=b"k", value=value, headers=()
        )


class Watched:
    """A watch that counts, and raises an alert at every fifth label."""

    def __init__(self) -> None:
        self.scores = self.labels = 0

    def scored(self, _: Score) -> list[DriftAlert]:
        self.scores += 1
        return []

    def judged(self, _: Judged) -> list[DriftAlert]:
        self.labels += 1
        return [DriftAlert(alert_id=f"a{self.labels}", monitor="m")] if self.labels % 5 == 0 else []

    def changed(self) -> dict[str, bytes | None]:
        return {"counts": f"{self.scores} {self.labels}".encode()}

    def restore(self, entries: Any) -> None:
        if entries:
            self.scores, self.labels = map(int, entries["counts"].split())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LearnerStore]:
    made = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    yield made
    made.close()


def test_a_rating_steps_the_factors_of_its_user_and_item(store: LearnerStore) -> None:
    line, learner = Numbered(), Learner(store, options=LearnerOptions(centre=3.0))
    learner.take([line("scores", score_of())])
    assert not store.outbox("factors", 10), "a score alone makes no factors"
    learner.take([line("feedback", feedback_of(event="e1", rating=5.0, at_ms=START_MS + 9))])
    user, item = step("ann", None, "i1", None, rating=5.0, centre=3.0, time_ms=START_MS + 9)
    found = {key: Factors.FromString(value or b"") for _, key, value in store.outbox("factors", 10)}
    assert {key: (each.n, list(each.mean), each.updated_ms) for key, each in found.items()} == {
        "user:ann": (1, list(user.mean), user.updated_ms),
        "item:i1": (1, list(item.mean), item.updated_ms),
    }
    kept = store.factors("user", "ann")
    assert kept is not None
    assert kept.factors == found["user:ann"].SerializeToString(deterministic=True)
    assert np.frombuffer(kept.precision, "<f4")[: len(user.precision)].tolist() == list(user.precision)


def test_what_is_no_rating_steps_nothing(store: LearnerStore) -> None:
    line, learner = Numbered(), Learner(store)
    learner.take([line("scores", score_of())])
    learner.take([line("feedback", feedback_of(event="e1", outcome={"name": "purchase", "happened": True}))])
    assert learner.prequential.quality().outcomes == 1
    assert not store.outbox("factors", 10)


def test_stale_factors_are_evicted_and_leave_redis(store: LearnerStore) -> None:
    line = Numbered()
    learner = Learner(store, options=LearnerOptions(factors_stale_ms=10 * DAY_MS))
    learner.take([line("scores", score_of()), line("feedback", feedback_of(event="e1"))])
    learner.take([], [number for number, _, _ in store.outbox("factors", 10)])
    later = [line("scores", score_of(f"e{n}", user="bob"), START_MS + 11 * DAY_MS) for n in range(2, 1002)]
    learner.take(later)
    assert {key: value for _, key, value in store.outbox("factors", 10)} == {"user:ann": None, "item:i1": None}
    learner.take([line("feedback", feedback_of("f2", user="bob", event="e2", rating=1.0), START_MS + 11 * DAY_MS)])
    again = store.factors("item", "i1")
    assert again is not None
    assert Factors.FromString(again.factors).n == 1, "an evicted one begins anew"


def test_a_bad_record_is_a_dead_letter_and_the_next_goes_on(store: LearnerStore) -> None:
    line, learner = Numbered(), Learner(store)
    bad = score_of("bad")
    bad.rating.ClearField("distribution")
    handled = learner.take(
        [line("scores", b"\xff\xff"), line("scores", bad), line("scores", score_of("good")), line("feedback", b"")]
    )
    assert handled.scores == {"kept": 1}
    assert [reason.field for _, reason in handled.rejected] == ["", "rating.distribution", ""]
    letters = [unpacked(value or b"") for _, _, value in store.outbox("dead_letter", 10)]
    assert [dict(letter.headers)[headers.SOURCE_OFFSET] for letter in letters] == [b"0", b"1", b"0"]
    assert letters[0].value == b"\xff\xff"
    assert store.offsets() == {("contento.scores", 0): 3, ("contento.feedback", 0): 1}


def test_item_groups_are_known_to_the_watches(store: LearnerStore) -> None:
    asked: list[Callable[[str], str]] = []

    def watches(item_group_of: Callable[[str], str]) -> dict[str, Any]:
        asked.append(item_group_of)
        return {}

    line, learner = Numbered(), Learner(store, watches)
    learner.take([line("items", Item(item_id="i1", categories=["guitars", "wood"])), line("items", Item(item_id="i2"))])
    assert [asked[0](item) for item in ("i1", "i2", "i3")] == ["guitars", "", ""]
    learner.take([line("items", Item(item_id="i1", brand="Acme"))])
    assert asked[0]("i1") == "Acme"
    tombstone = line("items", b"")[1]
    learner.take([("items", InputRecord(**{**_fields(tombstone), "key": b"i1", "value": None}))])
    assert asked[0]("i1") == ""


def _fields(record: InputRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in InputRecord.__dataclass_fields__}


def test_alerts_go_to_the_outbox_once_each(store: LearnerStore) -> None:
    line = Numbered()
    learner = Learner(store, lambda _: {"watched": Watched()}, LearnerOptions(webhook=True))
    records = [line("scores", score_of(f"e{n}")) for n in range(12)]
    records += [line("feedback", feedback_of(f"f{n}", event=f"e{n}")) for n in range(12)]
    handled = learner.take(records)
    assert [alert.alert_id for alert in handled.alerts] == ["a5", "a10"]
    assert [key for _, key, _ in store.outbox("alert", 10)] == ["a5", "a10"]
    assert [key for _, key, _ in store.outbox("webhook", 10)] == ["a5", "a10"]


def test_a_record_given_up_is_a_dead_letter_and_is_not_read_again(store: LearnerStore) -> None:
    line, learner = Numbered(), Learner(store)
    _, record = line("scores", score_of())
    learner.give_up(record, RejectedRecord("unprocessable", field="", expected="x", found="y"))
    assert store.offsets() == {("contento.scores", 0): 1}
    assert len(store.outbox("dead_letter", 10)) == 1


def the_log(seed: int) -> list[Line]:
    """Scores and feedback in disorder, with repeats, contradictions and orphans."""
    draws, line = random.Random(seed), Numbered()
    records: list[Line] = []
    for number in range(600):
        user, item = f"u{draws.randrange(12)}", f"i{draws.randrange(6)}"
        score = score_of(f"e{number}", user, item, START_MS + number, segment=draws.choice(["", "a", "b"]))
        score.user_representation.extend(draws.gauss(0, 1) for _ in range(4))
        score.features.text = draws.choice(["", "fine strings", "it broke at once"])
        feedback = feedback_of(f"f{number}", user, f"e{number}", START_MS + number, rating=draws.uniform(1, 5))
        both = [("scores", score), ("feedback", feedback)]
        draws.shuffle(both)
        records += [line(topic, message, START_MS + number) for topic, message in both]  # type: ignore[arg-type]
        if draws.random() < 0.1:
            records.append(line("feedback", feedback, START_MS + number))
        if draws.random() < 0.1:
            records.append(line("scores", score, START_MS + number))
        if draws.random() < 0.05:
            records.append(line("feedback", feedback_of(f"o{number}", user, "never"), START_MS + number))
    return records


@pytest.mark.parametrize("seed", [1, 2])
def test_crashes_anywhere_and_other_batches_change_nothing(tmp_path: Path, seed: int) -> None:
    from contento.learning.service.run import make_watches  # noqa: PLC0415 - the real ones

    records = the_log(seed)
    draws = random.Random(seed)
    stores = []
    for name in ("calm", "stormy"):
        store = LearnerStore(tmp_path / name, cluster="c")
        stores.append(store)
        learner = Learner(store, make_watches)
        at = 0
        while at < len(records):
            size = 200 if name == "calm" else draws.randrange(1, 90)
            batch = records[at : at + size]
            if name == "stormy" and draws.random() < 0.4:
                with pytest.raises(AttributeError):
                    learner.take([*batch, ("scores", None)])  # type: ignore[list-item]
                learner = Learner(store, make_watches)
                continue
            learner.take(batch)
            at += size
    for part in ("prequential", "correction", "drift", "sentiment", "segments", "learner"):
        assert stores[0].part(part) == stores[1].part(part), part
    assert stores[0].offsets() == stores[1].offsets()
    factors = [{key: value for _, key, value in store.outbox("factors", 100)} for store in stores]
    assert factors[0] == factors[1]
    assert len(factors[0]) == 18
    for store in stores:
        store.close()


def test_found_segments_are_given_to_those_who_declare_none(store: LearnerStore) -> None:
    line, learner = Numbered(), Learner(store)
    records = [line("scores", of_a_kind(number), START_MS + number) for number in range(10_400)]
    for at in range(0, len(records), 2600):
        learner.take(records[at : at + 2600])
    given = {user: value for _, user, value in store.outbox("segment", 1000)}
    assert given, "segments were found"
    assert not [user for user in given if int(user[1:]) % 3 == 0], "who declares one keeps it"
    described = store.outbox("segment_meta", 100)
    assert len(described) >= 2
    with store.transaction():
        store.sent([number for number, _, _ in described])
        store.set_part("described", {"s99": b"one that was there when the learner was killed"})
    again = Learner(store)
    again.take([line("scores", of_a_kind(number), START_MS + number) for number in range(10_400, 20_000)])
    assert {key: value for _, key, value in store.outbox("segment_meta", 100)}["s99"] is None, "it leaves Redis"


def of_a_kind(number: int) -> Score:
    """A score of one of 60 users, who look for one kind of thing each; every third declares a segment."""
    user = number % 60
    kind = ("guitar strings tone", "tent sleeping camping", "kettle steel kitchen")[user % 5 % 3]
    declared = "vip" if user % 3 == 0 else ["", "unassigned"][user % 2]
    score = score_of(f"e{number}", f"u{user}", f"{kind[:3]}{number % 8}", START_MS + number, segment=declared)
    score.event_type, score.features.text = "view", kind
    return score


def test_factors_of_another_format_are_refused_with_what_to_do(store: LearnerStore) -> None:
    line = Numbered()
    with store.transaction():
        foreign = Kept(Factors(n=3, members=b"1234").SerializeToString(), b"")
        store.set_factors({("user", "ann"): (foreign, START_MS)})
    learner = Learner(store)
    learner.take([line("scores", score_of())])
    with pytest.raises(StateFormatError, match="factors of a user are kept in another format"):
        learner.take([line("feedback", feedback_of(event="e1"))])
