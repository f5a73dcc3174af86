import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.scoring.world import a_record, an_event

from contento.contracts.messages import RatingScore, SatisfactionScore, Score
from contento.model.features import KEPT_EVENTS
from contento.scoring.core.fold import FAST, SLOW, fold_user, group_effects, user_effects
from contento.scoring.core.selection import NewEvent, select
from contento.state.base import GroupEffect, LiveUser, UserEffect, UserState

values = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def a_score(value: float, *, at_ms: int = 1, item: str = "i", segment: str = "s", rating: float = 3.0) -> Score:
    score = Score(
        item_id=item,
        segment=segment,
        bundle=f"bundle at {at_ms}",
        rating=RatingScore(mean=rating),
        satisfaction=SatisfactionScore(p_negative=1 - value, p_neutral=0, p_positive=value, value=value),
    )
    score.event_time.FromMilliseconds(at_ms)
    return score


def folded(given_values: Sequence[float]) -> LiveUser:
    live = None
    for n, value in enumerate(given_values):
        live = fold_user(live, a_score(value, at_ms=n))
    assert live is not None
    return live


def test_the_first_events_count_alike() -> None:
    live = folded([0.2, 0.5, 0.8])
    assert live.satisfaction == pytest.approx(0.5)
    assert live.slow == pytest.approx(0.5)
    assert live.p_negative == pytest.approx(0.5)
    assert (live.n, live.updated_ms, live.bundle) == (3, 2, "bundle at 2")


def test_later_ones_decay_and_the_slow_average_lags() -> None:
    live = folded([1.0] * 30)
    after = fold_user(live, a_score(0.0, at_ms=31))
    assert after.satisfaction == pytest.approx(1 - FAST)
    assert after.slow == pytest.approx(1 - SLOW, abs=1e-9)
    assert after.trend == pytest.approx(SLOW - FAST)
    assert after.risk == pytest.approx(FAST)


@given(values)
def test_live_scores_stay_in_their_range(some: list[float]) -> None:
    live = folded(some)
    assert min(some) - 1e-9 <= live.satisfaction <= max(some) + 1e-9
    assert min(some) - 1e-9 <= live.slow <= max(some) + 1e-9
    assert live.p_negative + live.p_neutral + live.p_positive == pytest.approx(1, abs=1e-6)  # float32 in the message
    assert live.n == len(some)


def test_a_late_event_does_not_turn_the_clock_back() -> None:
    live = fold_user(fold_user(None, a_score(0.5, at_ms=900)), a_score(0.5, at_ms=100))
    assert live.updated_ms == 900


def effects_of(scores: Sequence[float], *, before: LiveUser | None = None, at_risk_events: int = 3) -> UserEffect:
    events = [an_event(n) for n in range(len(scores))]
    users = {"u": UserState(live=before)}
    selection = select([(a_record(event, n + 5), event) for n, event in enumerate(events)], users)
    (effect,) = user_effects(
        selection.new,
        [a_score(value) for value in scores],
        users=users,
        histories=selection.histories,
        at_risk_above=0.6,
        at_risk_events=at_risk_events,
    )
    return effect


def test_a_users_effect_builds_on_what_was_read() -> None:
    before = folded([0.5] * 4)
    effect = effects_of([0.25, 0.75], before=before)
    assert (effect.user, effect.source, effect.offset) == ("u", "cluster/contento.events/0", 6)
    assert effect.seen_n == 4
    assert effect.live == fold_user(fold_user(before, a_score(0.25)), a_score(0.75))
    assert list(effect.history.satisfaction) == [0.25, 0.75]


def test_the_history_keeps_the_satisfaction_of_its_own_events() -> None:
    scores = [n / 64 for n in range(KEPT_EVENTS + 5)]
    effect = effects_of(scores)
    assert list(effect.history.satisfaction) == scores[5:]
    assert not any(math.isnan(value) for value in effect.history.satisfaction)


@pytest.mark.parametrize(
    ("scores", "events", "at_risk"),
    [([0.1] * 3, 3, True), ([0.1] * 2, 3, False), ([0.5] * 3, 3, False), ([0.1], 1, True), ([0.4] * 3, 3, False)],
)
def test_those_at_risk_are_dissatisfied_and_known(scores: list[float], events: int, at_risk: bool) -> None:
    assert effects_of(scores, at_risk_events=events).at_risk is at_risk


def new_events(*rows: tuple[int, str]) -> list[NewEvent]:
    made: list[NewEvent] = []
    for partition, item in rows:
        event = an_event(len(made), item=item)
        record = a_record(event, len(made), partition=partition)
        made.append(NewEvent(record=record, event=event, before=UserState().history))
    return made


def test_groups_take_their_events_by_source_in_order() -> None:
    new = new_events((0, "i"), (1, "i"), (0, ""), (0, "i"))
    scores = [a_score(n / 10, at_ms=n, item=each.event.item_id, rating=n) for n, each in enumerate(new)]
    effects: dict[tuple[str, str, str], GroupEffect] = {(e.kind, e.id, e.source): e for e in group_effects(new, scores)}
    offsets = {key: [event.offset for event in effect.events] for key, effect in effects.items()}
    assert offsets == {
        ("item", "i", new[0].record.source): [0, 3],
        ("item", "i", new[1].record.source): [1],
        ("segment", "s", new[0].record.source): [0, 2, 3],
        ("segment", "s", new[1].record.source): [1],
    }
    last = effects["item", "i", new[0].record.source].events[-1]
    assert last.satisfaction == pytest.approx(0.3)
    assert (last.rating, last.time_ms) == (3.0, 3)
    assert last.p_negative == pytest.approx(0.7)
