"""The events of a data set, each with the state that a scorer would have found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Factors, Feedback, History, UserEvent
from contento.contracts.record import InputRecord
from contento.inference.base import LiveBundle
from contento.model.explanation.explanation import NamedEvent
from contento.model.factors import step
from contento.model.features import append, event_time_ms
from contento.model.interface import ScorerInputs
from contento.scoring.core.rows import Text, build_rows, texts
from contento.scoring.core.selection import UNSCORED, NewEvent
from contento.state.base import ItemState, UserState
from contento.training.records import Source
from contento.training.train_rows import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """An event and what was known when it happened.

    Attributes:
        event: The event.
        user: State of its user before it.
        item: State of its item then.
    """

    event: UserEvent
    user: UserState
    item: ItemState

    @property
    def text(self) -> Text:
        """Text that is encoded for it."""
        return texts([self._new], self._items)[0]

    def row(self, live: LiveBundle, embedding: NDArray[np.float32] | None = None) -> ScorerInputs:
        """Return it as one input row of the scorer.

        Args:
            live: The bundle that is asked.
            embedding: `[live.text_dimension]`, of the event's text; `None`: not known yet, zeros.
        """
        text = self.text
        values = np.zeros(live.text_dimension, np.float16) if embedding is None else embedding.astype(np.float16)
        return build_rows(
            [self._new],
            users={self.event.user_id: self.user},
            items=self._items,
            arms=["serving"],
            live=[live],
            texts=[text],
            embeddings={(live.encoder, text.key): values},
        )

    @property
    def history(self) -> list[NamedEvent]:
        """What the events before it are called, oldest first, and last itself."""
        past, event = self.user.history, self.event
        named = zip(past.event_id, past.type, past.item_id, past.time_ms, strict=True)
        this = (event.event_id, event.type, event.item_id, event_time_ms(event))
        return [
            NamedEvent(event_id=name, type=kind, item_id=item, time_ms=time)
            for name, kind, item, time in (*named, this)
        ]

    @property
    def _new(self) -> NewEvent:
        return NewEvent(record=_NOWHERE, event=self.event, before=self.user.history)

    @property
    def _items(self) -> dict[str, ItemState]:
        return {self.event.item_id: self.item}


def situations(source: Source, *, centre: float) -> Iterator[Situation]:
    """Yield every event of a source in its order; ratings in between teach the online factors.

    Args:
        source: The data; its items are known from the start.
        centre: Rating that factors are measured from.
    """
    metas = {item.item_id: item for item in source.items()}
    histories: dict[str, History] = {}
    users: dict[str, Factors] = {}
    items: dict[str, Factors] = {}
    judged, item_of = Judged(), dict[tuple[str, str], str]()
    for record in source.records():
        if isinstance(record, Feedback):
            event = judged.by(record)
            item = item_of.get(event, "") if event else ""
            if item and record.WhichOneof("kind") == "rating":
                users[record.user_id], items[item] = step(
                    record.user_id,
                    users.get(record.user_id),
                    item,
                    items.get(item),
                    rating=record.rating,
                    centre=centre,
                    time_ms=record.time.ToMilliseconds(),
                )
            continue
        judged.saw(record)
        user, item = record.user_id, record.item_id
        item_of[user, record.event_id] = item
        history = histories.get(user, _NOTHING)
        yield Situation(
            event=record,
            user=UserState(history=history, factors=users.get(user)),
            item=ItemState(meta=metas.get(item), factors=items.get(item)),
        )
        histories[user] = append(history, record, UNSCORED)


def sampled(found: Iterator[Situation], count: int, rng: np.random.Generator) -> Sequence[Situation]:
    """Return at most `count` situations, each as likely as any other, in their order.

    Source: Vitter, Random sampling with a reservoir, 1985.
    """
    kept: list[tuple[int, Situation]] = []
    for place, situation in enumerate(found):
        if place < count:
            kept.append((place, situation))
        elif (at := int(rng.integers(place + 1))) < count:
            kept[at] = (place, situation)
    return [situation for _, situation in sorted(kept, key=lambda each: each[0])]


_NOTHING = History()
_NOWHERE = InputRecord(topic="", partition=0, offset=0, timestamp_ms=0, key=None, value=None, headers=())
