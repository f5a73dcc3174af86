import math

import numpy as np
import pytest
from unit.scoring.world import NOW_MS, ArithmeticModel, a_record, an_event

from contento.contracts.messages import Embedding, History, Score, UserEvent
from contento.contracts.redis_keys import NO_SEGMENT
from contento.contracts.validation import time_ms
from contento.inference.base import LiveBundle
from contento.model.features import SEEN_EVENTS, append
from contento.model.interface import HISTORY_LENGTH, TOWERS, ScorerInputs, ScorerOutputs
from contento.scoring.core.fold import fold_user
from contento.scoring.core.rows import build_rows, texts
from contento.scoring.core.scores import EVENT_REASONS, build_scores
from contento.scoring.core.selection import NewEvent
from contento.state.base import UserState

LIVE = LiveBundle(bundle="bundle-1", encoder="encoder-1", text_dimension=4, image_dimension=2, image_encoder="eyes")


async def asked(
    *events: tuple[UserEvent, History], user: UserState | None = None
) -> tuple[list[NewEvent], ScorerInputs, ScorerOutputs, dict[str, UserState]]:
    new = [
        NewEvent(record=a_record(event, 7 + n, partition=2), event=event, before=before)
        for n, (event, before) in enumerate(events)
    ]
    users = {each.event.user_id: user or UserState() for each in new}
    found = texts(new, {})
    inputs = build_rows(
        new,
        users=users,
        items={},
        arms=["serving"] * len(new),
        live=[LIVE] * len(new),
        texts=found,
        embeddings={("encoder-1", text.key): np.ones(4, np.float16) for text in found},
    )
    return new, inputs, await ArithmeticModel().score(inputs), users


def built(
    new: list[NewEvent], inputs: ScorerInputs, outputs: ScorerOutputs, users: dict[str, UserState]
) -> list[Score]:
    return build_scores(
        new, inputs, outputs, texts=texts(new, {}), users=users, segment_attribute="segment", now_ms=NOW_MS
    )


def past(count: int) -> History:
    history = History()
    for n in range(count):
        history = append(history, an_event(n, item=f"item {n}"), 0.5)
    return history


async def test_a_score_says_what_the_model_said_of_which_event() -> None:
    event = an_event(1, text="nice")
    event.session_id = "s"
    new, inputs, outputs, users = await asked((event, History()))
    (score,) = built(new, inputs, outputs, users)
    assert (score.event_id, score.user_id, score.session_id, score.item_id) == ("e1", "u", "s", "i")
    assert (score.event_type, score.event_time) == ("view", event.time)
    assert time_ms(score.scored_time) == NOW_MS
    assert list(score.rating.distribution) == outputs.rating[0].tolist()
    assert score.rating.mean == pytest.approx(float(outputs.rating[0] @ np.arange(1, 6)), abs=1e-6)
    assert (score.rating.lower, score.rating.upper) == (1, 5)
    assert score.rating.coverage == pytest.approx(0.9)
    negative, neutral, positive = outputs.satisfaction[0].tolist()
    satisfaction = score.satisfaction
    assert (satisfaction.p_negative, satisfaction.p_neutral, satisfaction.p_positive) == (negative, neutral, positive)
    assert satisfaction.value == pytest.approx(positive + neutral / 2)
    assert dict(score.outcomes) == {"purchase": outputs.outcomes[0, 0]}
    assert (score.bundle, score.encoder, score.arm) == ("bundle-1", "encoder-1", "serving")
    assert (score.source.topic, score.source.partition, score.source.offset) == ("contento.events", 2, 7)
    assert list(score.missing_towers) == ["image", "factors"]
    assert list(score.user_representation) == [0, 0, 0]


async def test_an_outcome_that_a_rows_bundle_does_not_know_is_left_out() -> None:
    new, inputs, outputs, users = await asked((an_event(1), History()), (an_event(2), History()))
    outputs.outcomes[1, 0] = math.nan
    first, second = built(new, inputs, outputs, users)
    assert list(first.outcomes) == ["purchase"]
    assert list(second.outcomes) == []


async def test_the_segment_is_declared_else_kept_else_unassigned() -> None:
    declared, silent = an_event(1), an_event(2)
    del silent.attributes["segment"]
    rows = [(silent, History()), (declared, History()), (silent, History())]
    new, inputs, outputs, users = await asked(*rows)
    declared_stays = ["segment of u", "segment of u"]
    assert [score.segment for score in built(new, inputs, outputs, users)] == [NO_SEGMENT, *declared_stays]
    known = UserState(live=fold_user(None, Score(segment="loyal")))
    new, inputs, outputs, users = await asked(*rows, user=known)
    assert [score.segment for score in built(new, inputs, outputs, users)] == ["loyal", *declared_stays]


async def test_reasons_are_towers_then_telling_events_strongest_first() -> None:
    new, inputs, outputs, users = await asked((an_event(9, item="now", text="x"), past(3)))
    outputs.towers[0] = [0.7, 0, 0.3, 0]
    outputs.events[0] = 0
    outputs.events[0, -4:] = [0.1, 0.2, 0.4, 0.3]  # events 0, 1, 2, then the one that is scored
    (score,) = built(new, inputs, outputs, users)
    assert [(r.tower, r.event_id, r.item_id, r.type, round(r.weight, 3)) for r in score.reasons] == [
        ("text", "", "", "", 0.7),
        ("behaviour", "", "", "", 0.3),
        ("behaviour", "e2", "item 2", "view", 0.4),
        ("behaviour", "e9", "now", "view", 0.3),
        ("behaviour", "e1", "item 1", "view", 0.2),
    ]
    assert sum(1 for r in score.reasons if r.event_id) == EVENT_REASONS


async def test_a_full_history_names_the_event_at_each_place() -> None:
    new, inputs, outputs, users = await asked((an_event(99), past(SEEN_EVENTS + 1)))
    outputs.events[0] = 0
    outputs.events[0, 0] = 1  # the oldest that the model sees; the one before it is kept for its time alone
    (score,) = built(new, inputs, outputs, users)
    assert [r.event_id for r in score.reasons if r.event_id] == ["e1"]


async def test_a_share_of_an_empty_place_names_no_event() -> None:
    new, inputs, outputs, users = await asked((an_event(9), past(1)))
    outputs.events[0] = 0
    outputs.events[0, :3] = 1 / 3
    (score,) = built(new, inputs, outputs, users)
    assert not [r for r in score.reasons if r.event_id]


async def test_features_give_the_models_rows_back_exactly() -> None:
    event = an_event(9, text="words")
    event.image_embedding.CopyFrom(Embedding(values=[1.5, -2], encoder="eyes"))
    new, inputs, outputs, users = await asked((event, past(4)), (an_event(10), past(2)))
    for row, score in enumerate(built(new, inputs, outputs, users)):
        kept = {
            t.name: np.frombuffer(t.data, np.dtype(t.dtype).newbyteorder("<")).reshape(tuple(t.shape))
            for t in score.features.tensors
        }
        events = int(inputs.history_mask[row].sum())
        for name in ("history_ids", "history_values"):
            whole = getattr(inputs, name)[row]
            assert kept[name].shape[0] == events
            np.testing.assert_array_equal(kept[name], whole[HISTORY_LENGTH - events :])
            assert not whole[: HISTORY_LENGTH - events].any()
        for name in ("image", "factors", "present"):
            np.testing.assert_array_equal(kept[name], getattr(inputs, name)[row])
        assert len(kept["present"]) == len(TOWERS)
        assert bool(score.features.text) == (row == 0)
