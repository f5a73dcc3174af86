"""A record at which the learner fails does not stop it, and what cannot go out now goes out later."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from feedback_log import feedback_of, score_of
from pydantic import SecretStr

from contento.contracts import headers
from contento.contracts.messages import DriftAlert, Score
from contento.contracts.record import InputRecord, unpacked
from contento.contracts.topics import TopicName
from contento.learning.alerts.webhook import QUEUE, Done
from contento.learning.judged import Judged
from contento.learning.learner import Learner, Watch
from contento.learning.metrics import LearnerMetrics
from contento.learning.service.publishing import Outbox
from contento.learning.service.run import LearnerLoop, TooManyUnprocessable, as_json, rating_centre, shown_quality
from contento.learning.service.settings import LearnerSettings
from contento.learning.store import LearnerStore


class Choosy:
    """A watch that cannot bear some events."""

    def scored(self, score: Score) -> list[DriftAlert]:
        if score.event_id.startswith("bad"):
            raise ZeroDivisionError(score.event_id)
        return []

    def judged(self, _: Judged) -> list[DriftAlert]:
        return []

    def changed(self) -> dict[str, bytes | None]:
        return {}

    def restore(self, entries: Mapping[str, bytes]) -> None:
        assert not entries


def choosy(_: Callable[[str], str]) -> dict[str, Watch]:
    return {"choosy": Choosy()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LearnerStore]:
    made = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    yield made
    made.close()


def scores(*names: str) -> list[tuple[TopicName, InputRecord]]:
    return [
        (
            "scores",
            InputRecord(
                topic="contento.scores", partition=0, offset=offset, timestamp_ms=1_760_000_000_000, key=b"",
                value=score_of(name).SerializeToString(), headers=(),
            ),
        )
        for offset, name in enumerate(names)
    ]  # fmt: skip


def test_a_record_that_fails_is_a_dead_letter_and_the_others_count(store: LearnerStore) -> None:
    loop = LearnerLoop(lambda: Learner(store, choosy), LearnerMetrics())
    loop.take(scores("a", "bad", "b"), [])
    assert [store.score("ann", name) is not None for name in ("a", "bad", "b")] == [True, False, True]
    assert store.offsets() == {("contento.scores", 0): 3}
    ((_, place, value),) = store.outbox("dead_letter", 10)
    assert place == "contento.scores/0/1"
    letter = unpacked(value or b"")
    assert letter.value == score_of("bad").SerializeToString()
    assert dict(letter.headers)[headers.ERROR_CODE] == b"unprocessable"
    assert b"ZeroDivisionError" in dict(letter.headers)[headers.ERROR]


def test_too_many_in_a_row_stop_it_before_the_last(store: LearnerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contento.learning.service.run._UNPROCESSABLE_LIMIT", 3)
    loop = LearnerLoop(lambda: Learner(store, choosy), LearnerMetrics())
    loop.take(scores("bad1", "bad2", "good", "bad3", "bad4"), [])
    with pytest.raises(
        TooManyUnprocessable, match=r"3 records in a row could not be handled.*see the log lines before"
    ):
        loop.take([(topic, record) for topic, record in scores(*"abcde", "bad5")[5:]], [])
    assert store.offsets() == {("contento.scores", 0): 5}, "the last one is still to be read"


def test_what_redis_does_not_take_stays_and_does_not_hold_the_learner_up(store: LearnerStore) -> None:
    now = [100.0]
    tried: list[str] = []

    class Metrics:
        def retry(self, part: str) -> None:
            tried.append(part)

    settings = LearnerSettings(redis=SecretStr("redis://127.0.0.1:1/0"))  # nothing listens on port 1
    outbox = Outbox(settings, store, Metrics(), webhook=None, stopwatch_s=lambda: now[0])
    with store.transaction():
        store.post("factors", {"user:ann": b"1"})
    assert outbox.publish() == []
    assert outbox.publish() == []
    assert tried == ["redis"], "not asked again at once"
    now[0] += 1.0
    assert outbox.publish() == []
    assert tried == ["redis", "redis"]
    assert len(store.outbox("factors", 10)) == 1
    outbox.close()


def test_quality_is_shown_by_slice_with_the_labels_behind_it(store: LearnerStore) -> None:
    learner = Learner(store)
    score = score_of(segment="s1")
    records: list[tuple[TopicName, Any]] = [
        ("scores", score),
        ("feedback", feedback_of(event="e1", rating=5.0)),
        ("feedback", feedback_of("f2", event="e1", outcome={"name": "purchase", "happened": False})),
    ]
    learner.take(
        [
            (
                topic,
                InputRecord(
                    topic=f"contento.{topic}", partition=0, offset=offset, timestamp_ms=1_760_000_000_000, key=b"",
                    value=message.SerializeToString(), headers=(),
                ),
            )
            for offset, (topic, message) in enumerate(records)
        ]
    )  # fmt: skip
    shown = shown_quality(learner.prequential)
    assert set(shown) == {"overall", "segment:s1", "arm:serving"}, "no bundle: their names never end"
    assert shown["overall"]["mae"] == (1.0, 1)
    assert shown["segment:s1"]["brier"] == (0.0625, 1)
    assert shown["overall"]["delay_mean_s"] == (0.0, 2)
    assert "accuracy" not in shown["overall"]
    LearnerMetrics().quality(shown)
    found = as_json(learner.prequential)
    assert found["join_rate"] == 1.0
    assert set(found["slices"]) == {"all", "segment:s1", "arm:serving", f"bundle:{'b' * 64}"}
    assert found["slices"]["all"]["mae"] == 1.0


def test_ratings_are_measured_from_where_the_serving_bundle_does() -> None:
    assert 1 < rating_centre(LearnerSettings()) < 5


def test_the_webhook_is_given_no_more_than_it_holds(store: LearnerStore) -> None:
    class Held:
        """A webhook whose receiver takes nothing yet."""

        def __init__(self) -> None:
            self.offered: list[int] = []
            self.finished: list[Done] = []

        def offer(self, sequence: int, _: DriftAlert) -> None:
            self.offered.append(sequence)

        def done(self) -> list[Done]:
            done, self.finished = self.finished, []
            return done

    webhook = Held()
    outbox = Outbox(LearnerSettings(), store, LearnerMetrics(), webhook=webhook, stopwatch_s=lambda: 0.0)  # type: ignore[arg-type]
    with store.transaction():
        alerts = [DriftAlert(alert_id=f"a{number}") for number in range(QUEUE + 10)]
        store.post("webhook", {alert.alert_id: alert.SerializeToString() for alert in alerts})
    assert outbox.publish() == []
    assert len(webhook.offered) == QUEUE, "one more would push the oldest out"
    webhook.finished = [Done(sequence=number, ending="delivered") for number in webhook.offered[:10]]
    sent = outbox.publish()
    assert sent == webhook.offered[:10]
    with store.transaction():
        store.sent(sent)
    outbox.publish()
    assert len(webhook.offered) == len(set(webhook.offered)) == QUEUE + 10
    outbox.close()
