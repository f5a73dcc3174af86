import math

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Embedding, History, Item, UserEvent
from contento.model.features import (
    KEPT_EVENTS,
    append,
    event_image,
    event_text,
    event_time_ms,
    history_arrays,
    identity,
)
from contento.model.interface import HISTORY_LENGTH, HISTORY_VALUES

VALUE = {name: column for column, name in enumerate(HISTORY_VALUES)}


def event(number: int, *, seconds: int, item: str = "i", kind: str = "view") -> UserEvent:
    return UserEvent(event_id=f"e{number}", user_id="u", item_id=item, type=kind, time=Timestamp(seconds=seconds))


def test_identity_is_stable_positive_and_zero_only_for_nothing() -> None:
    assert identity("") == 0
    assert identity("view") == 8974016132366822871
    assert identity("été") != identity("ete")


def test_a_first_event_stands_last_and_alone() -> None:
    only = event(1, seconds=100)
    only.position = 3
    only.dwell_seconds = 4
    ids, values, mask = history_arrays([History()], [only])
    assert mask.sum() == 1
    assert mask[0, -1]
    assert ids[0, -1].tolist() == [identity("view"), identity("i")]
    assert not ids[0, :-1].any()
    expected = {
        "log_dwell": math.log(5),
        "has_dwell": 1,
        "log_position": math.log(4),
        "same_item": 1,
        "same_session": 1,
    }
    assert values[0, -1] == pytest.approx([expected.get(name, 0) for name in HISTORY_VALUES])


def test_gaps_sessions_items_and_values_of_a_short_history() -> None:
    history = append(History(), event(1, seconds=0, item="a"), 0.5)
    second = event(2, seconds=4000, item="b")
    second.value = -7
    history = append(history, second, 0.5)
    _, values, mask = history_arrays([history], [event(3, seconds=4060, item="a")])
    assert mask[0].sum() == 3
    last = values[0, -3:]
    assert last[:, VALUE["log_gap"]] == pytest.approx([0, math.log(4001), math.log(61)])
    assert last[:, VALUE["same_item"]].tolist() == [1, 0, 1]
    assert last[:, VALUE["same_session"]].tolist() == [0, 1, 1]
    assert last[:, VALUE["log_value"]] == pytest.approx([0, -math.log(8), 0])
    assert last[:, VALUE["has_value"]].tolist() == [0, 1, 0]


def test_a_late_event_has_no_negative_gap() -> None:
    history = append(History(), event(1, seconds=100), 0.5)
    _, values, _ = history_arrays([history], [event(2, seconds=50)])
    assert values[0, -1, VALUE["log_gap"]] == 0


def test_events_without_item_are_not_the_same_item() -> None:
    history = append(History(), event(1, seconds=0, item=""), 0.5)
    _, values, _ = history_arrays([history], [event(2, seconds=1, item="")])
    assert not values[0, :, VALUE["same_item"]].any()


def test_a_long_history_keeps_its_end_and_the_gap_before_it() -> None:
    history = History()
    for number in range(50):
        history = append(history, event(number, seconds=10 * number, item=f"i{number}"), number / 50)
    assert len(history.event_id) == len(history.satisfaction) == len(history.value) == KEPT_EVENTS
    assert history.event_id[-1] == "e49"
    ids, values, mask = history_arrays([history], [event(50, seconds=500, item="i50")])
    assert mask.all()
    assert ids[0, :, 1].tolist() == [identity(f"i{number}") for number in range(50 - HISTORY_LENGTH + 1, 51)]
    assert values[0, :, VALUE["log_gap"]] == pytest.approx(np.full(HISTORY_LENGTH, math.log(11)))


def test_rows_do_not_depend_on_the_rest_of_the_batch() -> None:
    histories: list[History] = []
    events: list[UserEvent] = []
    history = History()
    for number in range(40):
        current = event(number, seconds=number * number, item=f"i{number % 3}")
        current.dwell_seconds = number
        histories.append(history)
        events.append(current)
        history = append(history, current, 0.1)
    together = history_arrays(histories, events)
    for number in range(40):
        alone = history_arrays([histories[number]], [events[number]])
        for whole, single in ((together[0], alone[0]), (together[1], alone[1]), (together[2], alone[2])):
            assert np.array_equal(np.asarray(whole)[number], np.asarray(single)[0])


def test_no_rows_and_unequal_lengths() -> None:
    assert [array.shape[0] for array in history_arrays([], [])] == [0, 0, 0]
    with pytest.raises(ValueError, match="zip"):
        history_arrays([History()], [])


def test_append_leaves_its_input() -> None:
    history = History()
    append(history, event(1, seconds=1), 0.5)
    assert not history.event_id


def test_text_and_image_come_from_the_event_first() -> None:
    item = Item(title="Chair", description="Of oak", image_embedding=Embedding(values=[1, 2], encoder="x"))
    assert event_text(UserEvent(text="bad"), item) == "bad"
    assert event_text(UserEvent(), item) == "Chair. Of oak"
    assert event_text(UserEvent(), None) == ""
    assert list(event_image(UserEvent(), item, "x") or ()) == [1, 2]
    assert event_image(UserEvent(), item, "y") is None
    assert event_image(UserEvent(), item, "") is None
    own = UserEvent(image_embedding=Embedding(values=[3], encoder="x"))
    assert list(event_image(own, item, "x") or ()) == [3]


def test_event_time_ms() -> None:
    assert event_time_ms(UserEvent(time=Timestamp(seconds=2, nanos=5_999_999))) == 2005
