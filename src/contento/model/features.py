"""From a user's history and an event to the model's input rows; the same for training and live scoring."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import xxhash
from numpy.typing import NDArray

from contento.contracts.messages import History, Item, UserEvent
from contento.model.interface import HISTORY_LENGTH, HISTORY_VALUES

KEPT_EVENTS: Final = HISTORY_LENGTH
"""Past events a stored `History` keeps: one more than the model sees, so that the gap before the
oldest one it sees is known."""
SEEN_EVENTS: Final = HISTORY_LENGTH - 1
"""Past events the model sees; the event that is scored takes the last place."""
SESSION_MS: Final = 30 * 60 * 1000

_POSITIVE: Final = (1 << 63) - 1
_COLUMNS: Final = {name: column for column, name in enumerate(HISTORY_VALUES)}
_DWELL: Final = (_COLUMNS["log_dwell"], _COLUMNS["has_dwell"])
_VALUE: Final = (_COLUMNS["log_value"], _COLUMNS["has_value"])


@lru_cache(maxsize=1 << 18)  # about 40 MB when full: types and the items of the last minutes
def identity(text: str) -> int:
    """Return the 63-bit hash under which the model knows an item or event type; 0 for the empty string."""
    return (xxhash.xxh64_intdigest(text.encode()) & _POSITIVE) if text else 0


def event_time_ms(event: UserEvent) -> int:
    """Return when the user did it, in milliseconds since the epoch."""
    return event.time.seconds * 1000 + event.time.nanos // 1_000_000


def event_text(event: UserEvent, item: Item | None) -> str:
    """Return the text to encode for an event: its own, else its item's title and description, else empty."""
    if event.text or item is None:
        return event.text
    return ". ".join(part for part in (item.title, item.description) if part)


def event_image(event: UserEvent, item: Item | None, encoder: str) -> Sequence[float] | None:
    """Return the event's image embedding, else its item's, if the encoder named made it; else `None`."""
    for message in (event, item):
        if message is not None and encoder and message.image_embedding.encoder == encoder:
            return message.image_embedding.values
    return None


def append(history: History, event: UserEvent, satisfaction: float) -> History:
    """Return the history after an event; keeps the last `KEPT_EVENTS`.

    Args:
        history: The user's past events, oldest first; stays as it is.
        event: The event that was scored.
        satisfaction: Value of its score, in [0, 1].
    """
    after = History()
    after.CopyFrom(history)
    after.event_id.append(event.event_id)
    after.item_id.append(event.item_id)
    after.type.append(event.type)
    after.time_ms.append(event_time_ms(event))
    after.dwell_seconds.append(event.dwell_seconds if event.HasField("dwell_seconds") else np.nan)
    after.value.append(event.value if event.HasField("value") else np.nan)
    after.satisfaction.append(satisfaction)
    excess = len(after.event_id) - KEPT_EVENTS
    if excess > 0:
        for kept in (
            after.event_id,
            after.item_id,
            after.type,
            after.time_ms,
            after.dwell_seconds,
            after.value,
            after.satisfaction,
        ):
            del kept[:excess]
    return after


def history_arrays(
    histories: Sequence[History], events: Sequence[UserEvent]
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
    """Return the behaviour tower's input of `N` rows, as `ScorerInputs` documents it.

    Args:
        histories: Past events of each row's user, oldest first, without the event that is scored.
        events: The `N` events that are scored.

    Returns:
        `history_ids` `[N, HISTORY_LENGTH, 2]`, `history_values`
        `[N, HISTORY_LENGTH, len(HISTORY_VALUES)]` and `history_mask` `[N, HISTORY_LENGTH]`.
    """
    rows = len(events)
    ids = np.zeros((rows, HISTORY_LENGTH, 2), np.int64)
    values = np.zeros((rows, HISTORY_LENGTH, len(HISTORY_VALUES)), np.float32)
    mask = np.zeros((rows, HISTORY_LENGTH), np.bool_)
    flat = _flatten(histories, events)
    if not rows:
        return ids, values, mask

    length = np.array(flat.lengths)
    ends = np.cumsum(length)  # one past each row's last event, in the flat lists
    row = np.repeat(np.arange(rows), length)
    column = np.arange(ends[-1]) + np.repeat(HISTORY_LENGTH - ends, length)

    item = np.fromiter(map(identity, flat.items), np.int64, len(flat.items))
    ids[row, column, 0] = np.fromiter(map(identity, flat.types), np.int64, len(flat.types))
    ids[row, column, 1] = item
    mask[row, column] = True

    time = np.array(flat.times, np.int64)
    previous = np.empty_like(time)
    previous[1:] = time[:-1]
    previous[ends - length] = flat.before
    columns = np.zeros((len(time), len(HISTORY_VALUES)), np.float32)
    columns[:, _COLUMNS["log_gap"]] = np.log1p(np.maximum(time - previous, 0) / 1000)
    for (log, has), quantity in ((_DWELL, np.array(flat.dwell)), (_VALUE, np.array(flat.value))):
        known = np.isfinite(quantity)
        quantity[~known] = 0
        columns[:, log] = np.copysign(np.log1p(np.abs(quantity)), quantity)
        columns[:, has] = known
    columns[ends - 1, _COLUMNS["log_position"]] = np.log1p(flat.positions)
    columns[:, _COLUMNS["same_item"]] = (item == np.repeat(item[ends - 1], length)) & (item != 0)
    columns[:, _COLUMNS["same_session"]] = np.abs(np.repeat(time[ends - 1], length) - time) <= SESSION_MS
    values[row, column] = columns
    return ids, values, mask


@dataclass(slots=True)
class _Flat:
    """The events of all rows in lists, row after row: past ones, then the one that is scored."""

    types: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    dwell: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    before: list[int] = field(default_factory=list)  # one per row: time of the event before the oldest seen
    lengths: list[int] = field(default_factory=list)  # one per row
    positions: list[int] = field(default_factory=list)  # one per row


def _flatten(histories: Sequence[History], events: Sequence[UserEvent]) -> _Flat:
    flat = _Flat()
    for history, event in zip(histories, events, strict=True):
        count = len(history.time_ms)
        now = event_time_ms(event)
        if count:
            flat.types += history.type[-SEEN_EVENTS:]
            flat.items += history.item_id[-SEEN_EVENTS:]
            flat.times += history.time_ms[-SEEN_EVENTS:]
            flat.dwell += history.dwell_seconds[-SEEN_EVENTS:]
            flat.value += history.value[-SEEN_EVENTS:]
        flat.before.append(history.time_ms[max(0, count - SEEN_EVENTS - 1)] if count else now)
        flat.types.append(event.type)
        flat.items.append(event.item_id)
        flat.times.append(now)
        flat.dwell.append(event.dwell_seconds if event.HasField("dwell_seconds") else np.nan)
        flat.value.append(event.value if event.HasField("value") else np.nan)
        flat.lengths.append(min(count, SEEN_EVENTS) + 1)
        flat.positions.append(event.position)
    return flat
