"""Rating tables with whole-number ids, held as columns and sorted."""

from array import array
from collections.abc import Iterator

import numpy as np

from contento.contracts.messages import Feedback, Item, TextKind, UserEvent
from contento.training.readers.fields import timestamp
from contento.training.readers.item_text import item_text


class RatingColumns:
    """Ratings as columns, 40 bytes each, so that tens of millions fit in memory while they are sorted."""

    def __init__(self) -> None:
        """Start empty."""
        self._user, self._item, self._line, self._time = (array("q") for _ in range(4))
        self._rating = array("d")

    def __len__(self) -> int:
        return len(self._user)

    def append(self, *, user: int, item: int, rating: float, time_ns: int, line: int) -> None:
        """Add a rating: 1 to 5, given at a time in ns since 1970, on a line of the file."""
        self._user.append(user)
        self._item.append(item)
        self._rating.append(rating)
        self._time.append(time_ns)
        self._line.append(line)

    def sort(self) -> None:
        """Sort by time, then user, then item."""
        order = np.lexsort((np.asarray(self._item), np.asarray(self._user), np.asarray(self._time)))
        for column in (self._user, self._item, self._line, self._time, self._rating):
            values = np.asarray(column)
            values[:] = values[order]

    def records(
        self, prefix: str, items: dict[int, Item], attributes: dict[int, dict[str, str]]
    ) -> Iterator[UserEvent | Feedback]:
        """Yield for each rating its event, which does not hold it, and right after it the rating as feedback.

        Args:
            prefix: Event ids are `prefix-n` with n the line of the rating.
            items: What is known of the items, for the text of the events.
            attributes: Attributes of the users' events, by user.
        """
        texts = {key: item_text(item) for key, item in items.items()}
        for user, item, rating, time_ns, line in zip(
            self._user, self._item, self._rating, self._time, self._line, strict=True
        ):
            time = timestamp(time_ns)
            text = texts.get(item, "")
            event_id, user_id, item_id = f"{prefix}-{line}", str(user), str(item)
            yield UserEvent(
                event_id=event_id,
                user_id=user_id,
                item_id=item_id,
                type="rating",
                time=time,
                text=text,
                text_kind=TextKind.TEXT_KIND_ITEM if text else TextKind.TEXT_KIND_UNSPECIFIED,
                attributes=attributes.get(user),
            )
            yield Feedback(
                feedback_id=f"{event_id}-rating",
                user_id=user_id,
                event_id=event_id,
                item_id=item_id,
                time=time,
                rating=rating,
            )
