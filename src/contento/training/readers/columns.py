"""Any table of events, ratings, reviews or labelled texts: `csv:` and `jsonl:`, by naming its columns.

| option | what it becomes | without it |
|---|---|---|
| `user` | user | the session, else each row is a user of its own |
| `item` | item | none |
| `session` | session | none |
| `time` | time of the event, and of its feedback | rows are one second apart in file order from 2020-01-01 UTC |
| `type` | type of the event, any word | `review` (rating, text), `rating`, `comment` (label, text), else `event` |
| `value` | value, a number | none |
| `text` | text; several columns, joined by commas here, by ". " in the event | none |
| `rating` | feedback: a rating, 1 to 5 | none |
| `label` | feedback: satisfaction: negative, neutral, positive (neg, neu, pos; 0, 1, 2) | none |

A text is a review where there is a rating column, a comment where there is a label column or no
item column, else the item's own. An empty cell gives nothing; only a time must be there. The event
of row n of the file `shop.csv.gz` has the id `shop-n`, with n its line. Feedback has its event's
time and comes right after it: what was said judges the score of that event and of none before it.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from contento.contracts.messages import Feedback, Item, TextKind, UserEvent
from contento.training.data_error import DataError
from contento.training.readers.fields import WrongField, number, rating, satisfaction, timestamp
from contento.training.readers.order import TimedRow, TimedRows
from contento.training.readers.specification import Specification
from contento.training.readers.tables import read_csv, read_jsonl, unique

OPTIONS: Final = ("user", "item", "session", "time", "type", "value", "text", "rating", "label")


class ColumnsSource:
    """A table whose columns the specification names.

    Attributes:
        name: The specification.
    """

    def __init__(self, specification: Specification) -> None:
        """Open the file and check its columns; a small one is checked whole.

        Raises:
            DataError: An option is unknown, or the file is wrong.
        """
        specification.allow(OPTIONS)
        options = specification.options
        if not options:
            raise DataError(
                path=specification.text,
                line=None,
                field="options",
                expected=f"at least one column, e.g. ?user=COLUMN&text=COLUMN (of {', '.join(OPTIONS)})",
                found="none",
            )
        self.name = specification.text
        self._path = Path(specification.path)
        self._prefix = self._path.name.split(".")[0]
        self._options = options
        texts = unique(options.get("text", "").split(","))
        columns = unique([*(options.get(option, "") for option in OPTIONS if option != "text"), *texts])
        place = {column: index for index, column in enumerate(columns)}
        self._place = {option: place[column] for option, column in options.items() if option != "text"}
        self._texts = tuple(place[column] for column in texts)
        self._type = self._default_type()
        self._text_kind = self._declared_text_kind()
        read = read_csv if specification.kind == "csv" else read_jsonl
        self._rows = TimedRows(
            self._path, partial(read, self._path, columns), self._place.get("time"), options.get("time", "time")
        )

    @property
    def size(self) -> int | None:
        """Number of rows, once known."""
        return self._rows.size

    def items(self) -> Iterator[Item]:
        """Yield none: a table says nothing of items beyond what its events carry."""
        return iter(())

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield the event of each row, then what its row says of it, in time order.

        Raises:
            DataError: A row is wrong.
        """
        for row in self._rows:
            try:
                yield from self._records(row)
            except WrongField as wrong:
                raise DataError(
                    path=str(self._path),
                    line=row[1],
                    field=self._options.get(wrong.field, wrong.field),
                    expected=wrong.expected,
                    found=wrong.found,
                ) from wrong

    def _records(self, row: TimedRow) -> Sequence[UserEvent | Feedback]:
        moment, line, cells = row
        time = timestamp(moment)
        session = self._cell("session", cells)
        event = UserEvent(
            event_id=f"{self._prefix}-{line}",
            user_id=self._cell("user", cells) or session or f"{self._prefix}-{line}",
            session_id=session,
            item_id=self._cell("item", cells),
            type=self._cell("type", cells) or self._type,
            time=time,
        )
        if self._texts and (text := ". ".join(filter(None, (cells[place].strip() for place in self._texts)))):
            event.text, event.text_kind = text, self._text_kind
        if value := self._cell("value", cells):
            event.value = number(value, "value")
        records: list[UserEvent | Feedback] = [event]
        for kind in ("rating", "label"):
            if answer := self._cell(kind, cells):
                feedback = Feedback(
                    feedback_id=f"{event.event_id}-{kind}",
                    user_id=event.user_id,
                    event_id=event.event_id,
                    item_id=event.item_id,
                    time=time,
                )
                if kind == "rating":
                    feedback.rating = rating(answer, kind)
                else:
                    feedback.satisfaction = satisfaction(answer, kind)
                records.append(feedback)
        return records

    def _cell(self, option: str, cells: Sequence[str]) -> str:
        place = self._place.get(option)
        return "" if place is None else cells[place].strip()

    def _default_type(self) -> str:
        if "rating" in self._options:
            return "review" if self._texts else "rating"
        return "comment" if "label" in self._options and self._texts else "event"

    def _declared_text_kind(self) -> TextKind:
        if "rating" in self._options:
            return TextKind.TEXT_KIND_REVIEW
        if "label" in self._options or "item" not in self._options:
            return TextKind.TEXT_KIND_COMMENT
        return TextKind.TEXT_KIND_ITEM
