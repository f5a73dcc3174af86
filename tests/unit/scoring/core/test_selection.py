import math

from unit.scoring.world import a_record, an_event

from contento.contracts.messages import History, UserEvent
from contento.contracts.record import InputRecord
from contento.model.features import KEPT_EVENTS, append
from contento.scoring.core.selection import Selection, select
from contento.state.base import UserState

Batch = list[tuple[InputRecord, UserEvent]]


def batch(*rows: tuple[int, str, int, int]) -> Batch:
    """Return events by number, user, partition and offset."""
    made = []
    for number, user, partition, offset in rows:
        event = an_event(number, user=user)
        made.append((a_record(event, offset, partition=partition), event))
    return made


def ids(selection: Selection) -> list[str]:
    return [each.event.event_id for each in selection.new]


def test_each_event_sees_those_before_it() -> None:
    selection = select(batch((1, "u", 0, 1), (2, "v", 0, 2), (3, "u", 0, 3)), {"u": UserState(), "v": UserState()})
    assert ids(selection) == ["e1", "e2", "e3"]
    assert [list(each.before.event_id) for each in selection.new] == [[], [], ["e1"]]
    assert {user: list(history.event_id) for user, history in selection.histories.items()} == {
        "u": ["e1", "e3"],
        "v": ["e2"],
    }
    assert all(math.isnan(value) for value in selection.histories["u"].satisfaction)


def test_applied_offsets_are_redelivered_and_known_ids_duplicates() -> None:
    before = append(History(), an_event(7, user="u"), 0.5)
    source = a_record(None, 0).source
    users = {"u": UserState(applied={source: 10}, history=before)}
    selection = select(batch((1, "u", 0, 10), (7, "u", 0, 11), (8, "u", 0, 12), (8, "u", 0, 13)), users)
    assert ids(selection) == ["e8"]
    assert (selection.redelivered, selection.duplicates) == (1, 2)
    assert list(before.event_id) == ["e7"]  # what came from the store stays as it is


def test_an_offset_counts_in_its_own_source_alone() -> None:
    users = {"u": UserState(applied={a_record(None, 0, partition=1).source: 10})}
    assert ids(select(batch((1, "u", 0, 3)), users)) == ["e1"]


def test_all_from_a_users_second_source_on_waits() -> None:
    given = batch((1, "u", 0, 1), (2, "v", 1, 1), (3, "u", 1, 2), (4, "v", 1, 3))
    selection = select(given, {"u": UserState(), "v": UserState()})
    assert ids(selection) == ["e1", "e2"]
    assert selection.deferred == given[2:]
    second = select(selection.deferred, {"u": UserState(), "v": UserState()})
    assert ids(second) == ["e3", "e4"]
    assert not second.deferred


def test_a_history_forgets_the_oldest() -> None:
    count = KEPT_EVENTS + 3
    selection = select(batch(*((n, "u", 0, n) for n in range(count))), {"u": UserState()})
    assert len(selection.new) == count
    assert list(selection.histories["u"].event_id) == [f"e{n}" for n in range(3, count)]
