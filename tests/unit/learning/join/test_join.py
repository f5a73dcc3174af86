"""Every feedback has one defined outcome, whatever comes before what."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from feedback_log import DAY_MS, START_MS, feedback_of, score_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contento.contracts.messages import Satisfaction
from contento.learning.join.join import HOUR_MS, Join, JoinOptions
from contento.learning.store import LearnerStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LearnerStore]:
    made = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    with made.transaction():
        yield made
    made.close()


@pytest.fixture
def join(store: LearnerStore) -> Join:
    return Join(store)


def test_feedback_finds_its_score_and_says_how_late_it_is(join: Join) -> None:
    score = score_of(at_ms=START_MS)
    assert join.score(score, START_MS)[0] == "kept"
    joined = join.feedback(feedback_of(event="e1", at_ms=START_MS + 3 * DAY_MS, rating=2.0), START_MS + 3 * DAY_MS)
    assert joined.outcomes == ("joined",)
    (judged,) = joined.judged
    assert judged.score == score, "features and all"
    assert (judged.rating, judged.satisfaction, judged.outcome) == (2.0, None, None)
    assert judged.delay_ms == 3 * DAY_MS


def test_feedback_that_comes_first_waits(join: Join) -> None:
    assert join.feedback(feedback_of(event="e1"), START_MS).outcomes == ("waiting",)
    _, joined = join.score(score_of(), START_MS + 1)
    assert joined.outcomes == ("joined_late",)
    assert joined.judged[0].rating == 4.0
    assert join.score(score_of(), START_MS + 2) == ("repeated", join.score(score_of(), START_MS)[1]), "once only"


def test_feedback_of_another_user_is_not_joined(join: Join) -> None:
    join.score(score_of(user="ann"), START_MS)
    assert join.feedback(feedback_of(user="bob", event="e1"), START_MS).outcomes == ("waiting",)


def test_duplicates_repeats_and_contradictions_judge_nothing(join: Join) -> None:
    join.score(score_of(), START_MS)
    given_before = [
        feedback_of("f1", event="e1", rating=4.0),
        feedback_of("f1", event="e1", rating=1.0),
        feedback_of("f2", event="e1", rating=4.0),
        feedback_of("f3", event="e1", rating=1.0),
        feedback_of("f4", event="e1", satisfaction=Satisfaction.SATISFACTION_NEGATIVE),
        feedback_of("f5", event="e1", outcome={"name": "purchase", "happened": True}),
        feedback_of("f6", event="e1", outcome={"name": "return", "happened": True}),
    ]
    found = [join.feedback(each, START_MS) for each in given_before]
    assert [each.outcomes[0] for each in found] == [
        "joined", "duplicate", "repeated", "contradictory", "joined", "joined", "joined",
    ]  # fmt: skip
    assert [len(each.judged) for each in found] == [1, 0, 0, 0, 1, 1, 1]


def test_feedback_on_an_item_judges_the_last_event_with_it_within_the_window(join: Join) -> None:
    for event, days in (("old", 0), ("newer", 2), ("newest", 9)):
        join.score(score_of(event, at_ms=START_MS + days * DAY_MS), START_MS)
    join.score(score_of("other", item="i2", at_ms=START_MS + 3 * DAY_MS), START_MS)
    for name, days, expected in (("a", 1, "old"), ("b", 3, "newer"), ("c", 12, "newest")):
        joined = join.feedback(feedback_of(name, item_id="i1", rating=3.0, at_ms=START_MS + days * DAY_MS), START_MS)
        assert joined.judged[0].score.event_id == expected
    assert join.feedback(
        feedback_of("d", item_id="i1", rating=3.0, at_ms=START_MS + 17 * DAY_MS), START_MS
    ).outcomes == ("waiting",)


def test_feedback_on_an_item_waits_for_an_event_with_it(join: Join) -> None:
    early = feedback_of("a", item_id="i1", rating=3.0, at_ms=START_MS - 5 * 60_000)
    assert join.feedback(early, START_MS).outcomes == ("waiting",)
    meant = feedback_of("b", item_id="i1", rating=2.0, at_ms=START_MS + 1000)
    assert join.feedback(meant, START_MS).outcomes == ("waiting",)
    _, joined = join.score(score_of(at_ms=START_MS), START_MS)
    assert [each.feedback.feedback_id for each in joined.judged] == ["b"], "what was said before cannot mean this event"


def test_what_waits_too_long_is_an_orphan(store: LearnerStore) -> None:
    join = Join(store, JoinOptions(patience_ms=HOUR_MS))
    join.feedback(feedback_of(event="never"), START_MS)
    assert join.sweep(START_MS + HOUR_MS)[0].outcomes == ()
    assert join.sweep(START_MS + HOUR_MS + 1)[0].outcomes == ("orphan",)
    assert join.score(score_of("never"), START_MS + 2 * HOUR_MS)[1].outcomes == (), "it is given up for good"


def test_old_scores_are_forgotten_by_age_and_by_size(store: LearnerStore) -> None:
    size = len(score_of("e0").SerializeToString())
    join = Join(store, JoinOptions(keep_ms=10 * DAY_MS, keep_bytes=5 * size))
    for number in range(4):
        join.score(score_of(f"e{number}"), START_MS + number * DAY_MS)
    assert join.sweep(START_MS + 11 * DAY_MS)[1] == 0
    assert [store.score("ann", f"e{number}") is not None for number in range(4)] == [False, True, True, True]
    for number in range(4, 9):
        join.score(score_of(f"e{number}"), START_MS + 5 * DAY_MS)
    assert join.sweep(START_MS + 11 * DAY_MS)[1] == 3
    assert [store.score("ann", f"e{number}") is not None for number in range(9)] == [False] * 4 + [True] * 5


@pytest.mark.parametrize(
    ("answer", "low", "high", "expected"),
    [(1, 1, 5, 0), (2, 1, 5, 0), (3, 1, 5, 1), (4, 1, 5, 2), (5, 1, 5, 2), (3, 0, 10, 0), (6, 0, 10, 1), (7, 0, 10, 2)],
)
def test_a_survey_counts_as_satisfaction(join: Join, answer: float, low: float, high: float, expected: int) -> None:
    join.score(score_of(), START_MS)
    survey = {"question": "happy?", "answer": answer, "scale_min": low, "scale_max": high}
    assert join.feedback(feedback_of(event="e1", survey=survey), START_MS).judged[0].satisfaction == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_in_any_order_each_label_judges_once(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    scores = [score_of(f"e{n}", at_ms=START_MS + n) for n in range(3)]
    feedbacks = [feedback_of(f"f{n}", event=f"e{n % 4}", rating=1.0 + n % 2, at_ms=START_MS + n) for n in range(7)]
    records = data.draw(st.permutations([*scores, *feedbacks, scores[0], feedbacks[0]]))
    store = LearnerStore(tmp_path_factory.mktemp("join") / "x.sqlite", cluster="c")
    outcomes: Counter[str] = Counter()
    judged = []
    with store.transaction():
        join = Join(store)
        for number, record in enumerate(records):
            if record in scores:
                joined = join.score(record, START_MS + number)[1]
            else:
                joined = join.feedback(record, START_MS + number)
            outcomes.update(joined.outcomes)
            judged += [each.score.event_id for each in joined.judged]
        outcomes.update(join.sweep(START_MS + 30 * DAY_MS)[0].outcomes)
    store.close()
    assert sorted(judged) == ["e0", "e1", "e2"]
    settled = outcomes.total() - outcomes["waiting"]
    assert settled == len(feedbacks) + 1
    assert outcomes["duplicate"] == 1
    assert outcomes["joined"] + outcomes["joined_late"] == 3
    assert outcomes["orphan"] == 1, "the event e3 never came"
