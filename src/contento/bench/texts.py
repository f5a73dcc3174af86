"""The texts of a data set and the ratings given with them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.contracts.messages import UserEvent
from contento.model.features import event_text
from contento.training.records import Source
from contento.training.train_rows import Judged

LEAST_RATED = 100
"""Rated texts below which an RMSE on a fifth of them says nothing."""


class BenchError(ContentoError):
    """The data cannot be measured on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedTexts:
    """Texts in time order.

    Attributes:
        texts: None is empty.
        ratings: `[len(texts)]` float64, 1 to 5, or `None` where the data have too few.
    """

    texts: list[str]
    ratings: NDArray[np.float64] | None


def read_texts(source: Source, most: int) -> RatedTexts:
    """Return at most so many texts, evenly over the whole time; only rated ones where there are enough.

    Raises:
        BenchError: The data have no text.
    """
    items = {item.item_id: item for item in source.items()}
    judged = Judged()
    texts: dict[tuple[str, str], str] = {}
    ratings: dict[tuple[str, str], float] = {}
    for record in source.records():
        if isinstance(record, UserEvent):
            judged.saw(record)
            if text := event_text(record, items.get(record.item_id)):
                texts[record.user_id, record.event_id] = text
        elif record.WhichOneof("kind") == "rating" and (event := judged.by(record)) in texts:
            ratings[event] = record.rating
    if not texts:
        raise BenchError(f"{source.name} has no texts: give data with texts, such as reviews")
    rated = len(ratings) >= LEAST_RATED
    names = [name for name in texts if name in ratings] if rated else list(texts)
    chosen = [names[place] for place in np.linspace(0, len(names) - 1, min(most, len(names))).astype(int)]
    return RatedTexts(
        texts=[texts[name] for name in chosen],
        ratings=np.array([ratings[name] for name in chosen]) if rated and len(chosen) >= LEAST_RATED else None,
    )
