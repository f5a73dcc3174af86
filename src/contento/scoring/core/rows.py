"""From new events and state to the model's input rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from contento.contracts.messages import TextKind
from contento.inference.base import LiveBundle
from contento.model.factors import factor_values
from contento.model.features import event_image, event_text, history_arrays
from contento.model.interface import FACTOR_VALUES, TOWERS, Arm, ScorerInputs
from contento.scoring.core.selection import NewEvent
from contento.state.base import ItemState, UserState

MAX_ENCODED_CHARACTERS = 2048
"""The encoder reads 128 tokens; 16 characters each is more than any text in Latin script needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text as it is encoded.

    Attributes:
        text: The text; empty: there is none.
        key: Of its embedding; likewise.
        kind: What it is; the item's where the event has none.
    """

    text: str
    key: str
    kind: TextKind = TextKind.TEXT_KIND_UNSPECIFIED


def texts(new: Sequence[NewEvent], items: Mapping[str, ItemState]) -> list[Text]:
    """Return the text of each event: its own, else its item's."""
    found = []
    for each in new:
        item = items.get(each.event.item_id)
        text = event_text(each.event, item.meta if item else None).strip()[:MAX_ENCODED_CHARACTERS]
        key = xxhash.xxh3_128_hexdigest(text.encode()) if text else ""
        kind = each.event.text_kind if each.event.text or not text else TextKind.TEXT_KIND_ITEM
        found.append(Text(text=text, key=key, kind=kind))
    return found


def build_rows(
    new: Sequence[NewEvent],
    *,
    users: Mapping[str, UserState],
    items: Mapping[str, ItemState],
    arms: Sequence[Arm],
    live: Sequence[LiveBundle],
    texts: Sequence[Text],
    embeddings: Mapping[tuple[str, str], NDArray[np.float16]],
) -> ScorerInputs:
    """Return the input rows of a batch, in its order.

    Args:
        new: The events.
        users: State of every user in them.
        items: State of every item in them.
        arms: Arm of each event.
        live: Bundle that answers each event's arm.
        texts: Text of each event.
        embeddings: Embedding of every text, by encoder and text key.
    """
    rows = len(new)
    dimension = live[0].text_dimension
    text = np.zeros((rows, dimension), np.float32)
    encoder = np.full(rows, "", object)
    image_dimension = live[0].image_dimension
    image = np.zeros((rows, image_dimension), np.float32)
    factors = np.zeros((rows, FACTOR_VALUES), np.float32)
    present = np.zeros((rows, len(TOWERS)), np.bool_)
    present[:, TOWERS.index("behaviour")] = True
    text_column, image_column, factor_column = (TOWERS.index(t) for t in ("text", "image", "factors"))
    for row, each in enumerate(new):
        item = items.get(each.event.item_id, ItemState())
        if texts[row].key:
            text[row] = embeddings[live[row].encoder, texts[row].key]
            encoder[row] = live[row].encoder
            present[row, text_column] = True
        values = event_image(each.event, item.meta, live[row].image_encoder) if image_dimension else None
        if values is not None and len(values) == image_dimension:
            image[row] = values
            present[row, image_column] = True
        user_factors = users[each.event.user_id].factors
        if user_factors is not None or item.factors is not None:
            factors[row] = factor_values(user_factors, item.factors)
            present[row, factor_column] = True
    ids, history_values, mask = history_arrays([each.before for each in new], [each.event for each in new])
    return ScorerInputs(
        arm=np.array(arms, object),
        encoder=encoder,
        text=text,
        image=image if present[:, image_column].any() else None,
        history_ids=ids,
        history_values=history_values,
        history_mask=mask,
        factors=factors,
        present=present,
    )
