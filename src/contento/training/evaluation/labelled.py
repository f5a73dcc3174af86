"""Which events of a source have a rating or a label of satisfaction, and the model's input rows of these."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Feedback, Item, Satisfaction, UserEvent
from contento.model.bundle import Bundle
from contento.model.features import event_text
from contento.training.evaluation.metrics import Truth
from contento.training.evaluation.ratings import unknown_group
from contento.training.evaluation.report import Report
from contento.training.records import Source, limited
from contento.training.train_rows import Judged, Survey, TrainingRows, survey, training_rows

_REPORT_EVERY: Final = 1_000


class First:
    """The first events of a source, and the feedback that comes before the next."""

    def __init__(self, source: Source, events: int | None) -> None:
        """Wrap a source; `None`: all of it."""
        self._source, self._events = source, events
        self.name = source.name
        self.size = source.size if events is None or source.size is None else min(events, source.size)

    def items(self) -> Iterator[Item]:
        """Yield all items."""
        return self._source.items()

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield the records in time order."""
        return limited(self._source, self._events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Events with a rating or a label, in the order of the events.

    Attributes:
        names: As (user id, event id).
        items: Their items; empty: none.
        texts: Their own text, else their item's; empty: none.
        truth: What was said of them; the last word counts.
        told: Positions in the order in which they were first rated or labelled.
    """

    names: list[tuple[str, str]]
    items: list[str]
    texts: list[str]
    truth: Truth
    told: NDArray[np.int64]

    def pairs(self) -> list[tuple[str, str]]:
        """Return each one's (user id, item id)."""
        return [(user, item) for (user, _), item in zip(self.names, self.items, strict=True)]


def labelled_events(source: Source, report: Report) -> Labelled:
    """Read a source and return which events are rated or labelled."""
    items = {item.item_id: item for item in source.items()}
    judged = Judged()
    seen: dict[tuple[str, str], tuple[int, str, str]] = {}
    answers: dict[tuple[str, str], tuple[float, int]] = {}
    events = 0
    for record in source.records():
        if isinstance(record, UserEvent):
            judged.saw(record)
            name = (record.user_id, record.event_id)
            if name not in seen:
                seen[name] = (len(seen), record.item_id, event_text(record, items.get(record.item_id)))
            events += 1
            if events % _REPORT_EVERY == 0:
                report("reading", _REPORT_EVERY, source.size)
            continue
        found = judged.by(record)
        if found is None or found not in seen:
            continue
        rating, label = answers.get(found, (np.nan, -1))
        if record.HasField("rating"):
            answers[found] = (record.rating, label)
        elif record.HasField("satisfaction") and record.satisfaction != Satisfaction.SATISFACTION_UNSPECIFIED:
            answers[found] = (rating, record.satisfaction - Satisfaction.SATISFACTION_NEGATIVE)
    report("reading", events % _REPORT_EVERY, source.size)
    names = sorted(answers, key=lambda name: seen[name][0])
    place = {name: position for position, name in enumerate(names)}
    return Labelled(
        names=names,
        items=[seen[name][1] for name in names],
        texts=[seen[name][2] for name in names],
        truth=Truth(
            ratings=np.array([answers[name][0] for name in names], np.float64),
            labels=np.array([answers[name][1] for name in names], np.int64),
        ),
        told=np.array([place[name] for name in answers], np.int64),
    )


def survey_for(
    source: Source, events: Labelled, report: Report, *, bundle: Bundle | None, test: NDArray[np.int64] | None
) -> Survey:
    """Return what the rows of a source are made with.

    Args:
        source: The data.
        events: Its labelled events.
        report: Told the progress.
        bundle: What will score the rows: its image encoder and the centre of its ratings count; `None`: those of
            the data.
        test: Positions of the events whose ratings must not count in that centre.
    """
    found = survey([source], lambda done: report("survey", done, source.size))
    if bundle:
        config = bundle.config
        return replace(
            found,
            centre=config.rating_centre,
            image_encoder=config.image_encoder,
            image_dimension=config.network.image_dimension,
        )
    known = events.truth.ratings if test is None else np.delete(events.truth.ratings, test)
    return replace(found, centre=float(np.nanmean(known))) if np.isfinite(known).any() else found


def rows_of(
    source: Source,
    events: Labelled,
    found: Survey,
    report: Report,
    *,
    test: NDArray[np.int64] | None = None,
) -> TrainingRows:
    """Return the input row of each labelled event, in their order, as it stood before its label.

    Args:
        source: The data.
        events: Its labelled events.
        found: What the rows are made with.
        report: Told the progress.
        test: Positions of the events whose ratings must shape no factors.
    """
    withheld = frozenset() if test is None else frozenset(events.names[position] for position in test)
    rows = training_rows(source, found, lambda done: report("rows", done, source.size), withheld)
    place = {name: position for position, name in enumerate(zip(rows.user, rows.event, strict=True))}
    return rows.take(np.array([place[name] for name in events.names], np.int64))


def attribute(rows: TrainingRows, name: str) -> NDArray[np.object_]:
    """Return each row's value `[N]` of an attribute of its event; `item` is the item's id; empty: none.

    Raises:
        EvaluationError: No event has such an attribute.
    """
    if name == "item":
        return rows.item
    found = np.array([each.get(name, "") for each in rows.attributes], np.object_)
    if not found.astype(bool).any():
        raise unknown_group(name, {key for each in rows.attributes for key in each})
    return found
