"""Which events of a batch are new, in the order they change their user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contento.contracts.messages import History, UserEvent
from contento.contracts.record import InputRecord
from contento.model.features import append
from contento.state.base import UserState

UNSCORED = float("nan")
"""Satisfaction of an event in a history until its score is known; the features do not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to score, and the history of its user before it."""

    record: InputRecord
    event: UserEvent
    before: History


@dataclass(slots=True, kw_only=True)
class Selection:
    """A batch, sorted by what becomes of its events.

    Attributes:
        new: Events to score, in the order of the batch.
        histories: Every touched user's history after them, their satisfaction still `UNSCORED`.
        duplicates: How many repeat the id of an event in their user's history.
        redelivered: How many lie at an offset that is applied already.
        deferred: The rest of the batch, from the first event on whose user has events of another
            partition before it: it waits for the next round, because one change of a user has one source.
    """

    new: list[NewEvent] = field(default_factory=list)
    histories: dict[str, History] = field(default_factory=dict)
    duplicates: int = 0
    redelivered: int = 0
    deferred: list[tuple[InputRecord, UserEvent]] = field(default_factory=list)


def select(batch: Sequence[tuple[InputRecord, UserEvent]], users: Mapping[str, UserState]) -> Selection:
    """Sort a batch; `users` holds the state of every user in it."""
    selection = Selection()
    sources: dict[str, str] = {}
    for place, (record, event) in enumerate(batch):
        user, source = event.user_id, record.source
        if record.offset <= users[user].applied.get(source, -1):
            selection.redelivered += 1
            continue
        if sources.setdefault(user, source) != source:
            # All of it, not this event alone: groups take a source's events in the order of their offsets.
            selection.deferred = list(batch[place:])
            break
        history = selection.histories.get(user, users[user].history)
        if event.event_id in history.event_id:
            selection.duplicates += 1
            continue
        selection.new.append(NewEvent(record=record, event=event, before=history))
        selection.histories[user] = append(history, event, UNSCORED)
    return selection
