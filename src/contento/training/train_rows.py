"""From messages in time order to training rows, each with what was known when its event happened."""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Factors, Feedback, History, Item, Satisfaction, UserEvent
from contento.model.factors import factor_values, is_known, step
from contento.model.features import append, event_image, event_text, history_arrays
from contento.model.interface import FACTOR_VALUES, HISTORY_LENGTH, HISTORY_VALUES, TOWERS
from contento.training.records import Source

Advance = Callable[[int], None]
"""Told how many more events were read."""
_CHUNK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a first reading of the data found.

    Attributes:
        labelled: Events that feedback judges, as (user id, event id).
        outcome_names: Outcomes that feedback names, sorted.
        centre: Mean rating.
        image_encoder: Encoder of the most image embeddings; empty when there is none.
        image_dimension: Their length.
        events: Number of events.
        feedbacks: Number of feedbacks.
    """

    labelled: frozenset[tuple[str, str]]
    outcome_names: tuple[str, ...]
    centre: float
    image_encoder: str
    image_dimension: int
    events: int
    feedbacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """Labelled rows in time order; the inputs are those of `ScorerInputs`.

    Attributes:
        user: `[N]` str, user ids.
        item: `[N]` str, item ids; empty where there is none.
        event: `[N]` str, event ids.
        attributes: `[N]` mappings, the events' attributes.
        text: `[N]` the texts; empty where there is none.
        image: `[N, I]` float32.
        history_ids: `[N, HISTORY_LENGTH, 2]` int64.
        history_values: `[N, HISTORY_LENGTH, len(HISTORY_VALUES)]` float32.
        history_mask: `[N, HISTORY_LENGTH]` bool.
        factors: `[N, FACTOR_VALUES]` float32, as they stood before the event's label.
        present: `[N, len(TOWERS)]` bool.
        rating: `[N]` float32, 1 to 5; NaN: not given.
        satisfaction: `[N]` int64, index into `SATISFACTION`; -1: not given.
        outcomes: `[N, O]` float32, 0 or 1; NaN: not given.
    """

    user: NDArray[np.object_]
    item: NDArray[np.object_]
    event: NDArray[np.object_]
    attributes: NDArray[np.object_]
    text: NDArray[np.object_]
    image: NDArray[np.float32]
    history_ids: NDArray[np.int64]
    history_values: NDArray[np.float32]
    history_mask: NDArray[np.bool_]
    factors: NDArray[np.float32]
    present: NDArray[np.bool_]
    rating: NDArray[np.float32]
    satisfaction: NDArray[np.int64]
    outcomes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.text)

    def part(self, start: float, end: float) -> Self:
        """Return the rows between two shares of the time order, e.g. the last tenth: `part(.9, 1)`."""
        return self.take(slice(round(start * len(self)), round(end * len(self))))

    def take(self, rows: slice | NDArray[np.int64]) -> Self:
        """Return some of the rows."""
        arrays: dict[str, Any] = {each.name: getattr(self, each.name)[rows] for each in fields(self)}
        return type(self)(**arrays)

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, one after the other."""
        arrays: dict[str, Any] = {
            each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)
        }
        return cls(**arrays)


class Judged:
    """Finds the event that a feedback judges: by event id, else the user's last event with the item."""

    def __init__(self) -> None:
        """Start with no event seen."""
        self._last: dict[tuple[str, str], str] = {}

    def saw(self, event: UserEvent) -> None:
        """Remember an event."""
        if event.item_id:
            self._last[event.user_id, event.item_id] = event.event_id

    def by(self, feedback: Feedback) -> tuple[str, str] | None:
        """Return (user id, event id), or `None` when no such event is known."""
        event_id = feedback.event_id or self._last.get((feedback.user_id, feedback.item_id))
        return (feedback.user_id, event_id) if event_id else None


def survey(sources: Sequence[Source], advance: Advance = lambda _: None) -> Survey:
    """Read everything once, to know what is labelled and with what."""
    labelled: set[tuple[str, str]] = set()
    outcomes: set[str] = set()
    images: Counter[tuple[str, int]] = Counter()
    rated = events = feedbacks = 0
    total = 0.0
    for source in sources:
        judged = Judged()
        for item in source.items():
            images.update(_image_kind(item))
        for record in source.records():
            if isinstance(record, UserEvent):
                advance(1)
                events += 1
                judged.saw(record)
                images.update(_image_kind(record))
                continue
            feedbacks += 1
            event = judged.by(record)
            if event:
                labelled.add(event)
            kind = record.WhichOneof("kind")
            if kind == "outcome":
                outcomes.add(record.outcome.name)
            elif kind == "rating":
                rated += 1
                total += record.rating
    (image_encoder, image_dimension), _ = images.most_common(1)[0] if images else (("", 0), 0)
    return Survey(
        labelled=frozenset(labelled),
        outcome_names=tuple(sorted(outcomes)),
        centre=total / rated if rated else 3.5,
        image_encoder=image_encoder,
        image_dimension=image_dimension,
        events=events,
        feedbacks=feedbacks,
    )


def training_rows(
    source: Source,
    found: Survey,
    advance: Advance = lambda _: None,
    withheld: Container[tuple[str, str]] = frozenset(),
) -> TrainingRows:
    """Read a source again and return a row per labelled event, built before its label was seen.

    Args:
        source: The data.
        found: What `survey` found in all sources.
        advance: Told how many more events were read.
        withheld: Events, as (user id, event id), whose ratings shape no factors.
    """
    builder = _Builder(found=found, withheld=withheld, items={item.item_id: item for item in source.items()})
    for record in source.records():
        if isinstance(record, UserEvent):
            advance(1)
            builder.event(record)
        else:
            builder.feedback(record)
    return builder.rows()


@dataclass(slots=True, kw_only=True)
class _Builder:
    found: Survey
    withheld: Container[tuple[str, str]]
    items: dict[str, Item]
    judged: Judged = field(default_factory=Judged)
    histories: dict[str, History] = field(default_factory=dict)
    users: dict[str, Factors] = field(default_factory=dict)
    item_factors: dict[str, Factors] = field(default_factory=dict)
    row_of: dict[tuple[str, str], int] = field(default_factory=dict)
    named: list[tuple[str, str, str]] = field(default_factory=list)
    attributes: list[Mapping[str, str]] = field(default_factory=list)
    waiting: list[tuple[History, UserEvent]] = field(default_factory=list)
    behaviour: list[tuple[NDArray[Any], ...]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    image: list[NDArray[np.float32]] = field(default_factory=list)
    factors: list[NDArray[np.float32]] = field(default_factory=list)
    present: list[tuple[bool, bool, bool, bool]] = field(default_factory=list)
    rating: dict[int, float] = field(default_factory=dict)
    satisfaction: dict[int, int] = field(default_factory=dict)
    outcomes: dict[tuple[int, int], bool] = field(default_factory=dict)

    def event(self, event: UserEvent) -> None:
        self.judged.saw(event)
        history = self.histories.get(event.user_id, _NOTHING)
        name = (event.user_id, event.event_id)
        if name in self.found.labelled and name not in self.row_of:
            self._add_row(name, history, event)
        self.histories[event.user_id] = append(history, event, 0.5)

    def _add_row(self, name: tuple[str, str], history: History, event: UserEvent) -> None:
        self.row_of[name] = len(self.text)
        self.named.append((event.user_id, event.item_id, event.event_id))
        self.attributes.append(dict(event.attributes))
        self.waiting.append((history, event))
        if len(self.waiting) == _CHUNK:
            self._flush()
        item = self.items.get(event.item_id)
        text = event_text(event, item)
        image = event_image(event, item, self.found.image_encoder)
        fits = image is not None and len(image) == self.found.image_dimension
        sides = (self.users.get(event.user_id), self.item_factors.get(event.item_id))
        self.text.append(text)
        self.image.append(np.array(image if fits else np.zeros(self.found.image_dimension), np.float32))
        self.factors.append(factor_values(*sides))
        self.present.append((bool(text), fits, True, is_known(*sides)))

    def feedback(self, feedback: Feedback) -> None:
        event = self.judged.by(feedback)
        row = self.row_of.get(event) if event else None
        if row is None:
            return
        kind = feedback.WhichOneof("kind")
        if kind == "rating":
            self.rating[row] = feedback.rating
            if event not in self.withheld:
                self._learn(feedback, self.named[row][1])
        elif kind == "satisfaction" and feedback.satisfaction != Satisfaction.SATISFACTION_UNSPECIFIED:
            self.satisfaction[row] = feedback.satisfaction - Satisfaction.SATISFACTION_NEGATIVE
        elif kind == "outcome":
            column = self.found.outcome_names.index(feedback.outcome.name)
            self.outcomes[row, column] = feedback.outcome.happened

    def _learn(self, feedback: Feedback, item: str) -> None:
        user = feedback.user_id
        if not item:
            return
        self.users[user], self.item_factors[item] = step(
            user,
            self.users.get(user),
            item,
            self.item_factors.get(item),
            rating=feedback.rating,
            centre=self.found.centre,
            time_ms=feedback.time.ToMilliseconds(),
        )

    def _flush(self) -> None:
        self.behaviour.append(
            history_arrays([history for history, _ in self.waiting], [event for _, event in self.waiting])
        )
        self.waiting.clear()

    def rows(self) -> TrainingRows:
        self._flush()
        count = len(self.text)
        ids, values, mask = (np.concatenate(arrays) for arrays in zip(*self.behaviour, strict=True))
        rating = np.full(count, np.nan, np.float32)
        rating[list(self.rating)] = list(self.rating.values())
        satisfaction = np.full(count, -1, np.int64)
        satisfaction[list(self.satisfaction)] = list(self.satisfaction.values())
        outcomes = np.full((count, len(self.found.outcome_names)), np.nan, np.float32)
        for place, happened in self.outcomes.items():
            outcomes[place] = happened
        named = np.array(self.named, np.object_).reshape(count, 3)
        attributes = np.empty(count, np.object_)
        attributes[:] = self.attributes
        return TrainingRows(
            user=named[:, 0],
            item=named[:, 1],
            event=named[:, 2],
            attributes=attributes,
            text=np.array(self.text, np.object_),
            image=np.array(self.image, np.float32).reshape(count, self.found.image_dimension),
            history_ids=ids.reshape(count, HISTORY_LENGTH, 2),
            history_values=values.reshape(count, HISTORY_LENGTH, len(HISTORY_VALUES)),
            history_mask=mask,
            factors=np.array(self.factors, np.float32).reshape(count, FACTOR_VALUES),
            present=np.array(self.present, np.bool_).reshape(count, len(TOWERS)),
            rating=rating,
            satisfaction=satisfaction,
            outcomes=outcomes,
        )


_NOTHING = History()


def _image_kind(message: Item | UserEvent) -> list[tuple[str, int]]:
    embedding = message.image_embedding
    return [(embedding.encoder, len(embedding.values))] if embedding.encoder else []
