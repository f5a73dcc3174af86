import numpy as np
import pytest

from contento.contracts.messages import Feedback, UserEvent
from contento.model.features import identity
from contento.model.interface import FACTOR_RANK, HISTORY_LENGTH
from contento.training.records import Source
from contento.training.train_rows import Judged, TrainingRows, survey, training_rows


def test_a_survey_finds_labels_outcomes_images_and_the_mean(small_world: Source) -> None:
    found = survey([small_world])
    assert (found.events, found.feedbacks) == (1000, 1500)
    assert found.outcome_names == ("purchase",)
    assert (found.image_encoder, found.image_dimension) == ("small-world", 8)
    feedback = [record for record in small_world.records() if isinstance(record, Feedback)]
    assert found.centre == pytest.approx(np.mean([each.rating for each in feedback if each.HasField("rating")]))
    assert found.labelled == {(event.user_id, event.event_id) for event in _events(small_world)[::2]}


def test_rows_know_the_past_only(small_world: Source) -> None:
    rows = training_rows(small_world, survey([small_world]))
    events = _events(small_world)
    assert len(rows) == len(events) / 2
    for row in range(0, len(rows), 25):
        event = events[2 * row]
        past = [each for each in events[: 2 * row] if each.user_id == event.user_id]
        assert rows.history_mask[row].sum() == min(len(past) + 1, HISTORY_LENGTH)
        items = [identity(each.item_id) for each in [*past, event]][-HISTORY_LENGTH:]
        assert rows.history_ids[row, -len(items) :, 1].tolist() == items
        rated = len({each.event_id for each in past} & {each.event_id for each in events[::2]})
        assert rows.factors[row, FACTOR_RANK + 1] == pytest.approx(np.log1p(rated))
    assert not rows.present[0, 3], "nothing is known before the first rating"
    assert rows.present[-1, 1:].all()


def test_labels_stand_at_the_event_they_judge(small_world: Source) -> None:
    rows = training_rows(small_world, survey([small_world]))
    level = np.array([int(event.item_id[1:]) % 3 for event in _events(small_world)[::2]])
    user = np.array([int(event.user_id[1:]) % 2 for event in _events(small_world)[::2]])
    assert np.array_equal(rows.satisfaction, level)
    assert np.array_equal(rows.outcomes[:, 0], level == 2)
    assert rows.rating == pytest.approx(np.clip(1.5 + 1.5 * level + np.where(user, 0.5, -0.5), 1, 5))


def test_a_feedback_without_event_judges_the_last_one_with_the_item() -> None:
    judged = Judged()
    assert judged.by(Feedback(user_id="u", item_id="i")) is None
    for name in ("a", "b"):
        judged.saw(UserEvent(event_id=name, user_id="u", item_id="i"))
    judged.saw(UserEvent(event_id="c", user_id="u", item_id="j"))
    judged.saw(UserEvent(event_id="d", user_id="v", item_id="i"))
    assert judged.by(Feedback(user_id="u", item_id="i")) == ("u", "b")
    assert judged.by(Feedback(user_id="u", item_id="i", event_id="a")) == ("u", "a")
    assert judged.by(Feedback(user_id="u")) is None


def test_parts_are_in_time_order_and_whole(small_world: Source) -> None:
    rows = training_rows(small_world, survey([small_world]))
    parts = [rows.part(0, 0.7), rows.part(0.7, 0.8), rows.part(0.8, 1)]
    assert [len(part) for part in parts] == [350, 50, 100]
    joined = TrainingRows.join(parts)
    assert np.array_equal(joined.history_ids, rows.history_ids)
    assert np.array_equal(joined.rating, rows.rating)


def _events(source: Source) -> list[UserEvent]:
    return [record for record in source.records() if isinstance(record, UserEvent)]
