"""The REES46 shop clickstreams: views, carts and purchases with product, category, brand and price."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from contento.contracts.messages import Feedback, Item, TextKind, UserEvent
from contento.training.data_error import DataError
from contento.training.readers.fields import WrongField, number, timestamp
from contento.training.readers.order import TimedRows
from contento.training.readers.specification import Specification
from contento.training.readers.tables import read_csv

COLUMNS: Final = (
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id",
    "user_session",
)  # fmt: skip
SEGMENTS: Final = frozenset(
    {
        "accessories", "apparel", "appliances", "auto", "computers", "construction", "country_yard", "electronics",
        "furniture", "kids", "medicine", "sport", "stationery",
    }
)  # fmt: skip
"""Top-level categories of the shop; a product of any other, or of none, is of the segment `other`."""


class Rees46Source:
    """A file of the shop's events, in the form its publisher gives it.

    Events have the id `rees46-n`, with n the line; value is the price. The item's words come from
    its category code ("furniture.living_room.sofa" is "furniture living room sofa") and its brand.
    The attribute `segment` is the top-level category.

    Attributes:
        name: The specification.
    """

    def __init__(self, specification: Specification) -> None:
        """Open the file and check its columns; a small one is checked whole.

        Raises:
            DataError: There is an option, or the file is wrong.
        """
        specification.allow(())
        self.name = specification.text
        self._path = Path(specification.path)
        self._read = partial(read_csv, self._path, COLUMNS)
        self._rows = TimedRows(self._path, self._read, COLUMNS.index("event_time"), "event_time")

    @property
    def size(self) -> int | None:
        """Number of events, once known."""
        return self._rows.size

    def items(self) -> Iterator[Item]:
        """Yield each product once, as its first row states it; holds the ids of the products in memory."""
        seen: set[str] = set()
        for line, (_, _, product, _, code, brand, price, _, _) in self._read():
            if product and product not in seen:
                seen.add(product)
                item = _item(product, code, brand)
                if price:
                    item.price = self._price(line, price)
                yield item

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield the events in time order; this log has no feedback.

        Raises:
            DataError: A row is wrong.
        """
        for moment, line, cells in self._rows:
            for place in (1, 7):
                if not cells[place]:
                    raise DataError(
                        path=str(self._path), line=line, field=COLUMNS[place], expected="a value", found="nothing"
                    )
            event = _event(line, cells)
            event.time.CopyFrom(timestamp(moment))
            if cells[6]:
                event.value = self._price(line, cells[6])
            yield event

    def _price(self, line: int, text: str) -> float:
        try:
            return number(text, "price")
        except WrongField as wrong:
            raise DataError(
                path=str(self._path), line=line, field=wrong.field, expected=wrong.expected, found=wrong.found
            ) from wrong


def _item(product: str, code: str, brand: str) -> Item:
    return Item(
        item_id=product,
        title=_words(code, brand),
        categories=[level.replace("_", " ") for level in code.split(".")] if code else [],
        brand=brand,
        attributes={"segment": _segment(code)},
    )


def _words(code: str, brand: str) -> str:
    return f"{code} {brand}".replace(".", " ").replace("_", " ").strip()


def _segment(code: str) -> str:
    top = code.partition(".")[0]
    return top if top in SEGMENTS else "other"


def _event(line: int, cells: Sequence[str]) -> UserEvent:
    _, kind, product, category, code, brand, _, user, session = cells
    attributes = {"segment": _segment(code)}
    if code or category:
        attributes["category"] = code or category
    if brand:
        attributes["brand"] = brand
    text = _words(code, brand)
    return UserEvent(
        event_id=f"rees46-{line}",
        user_id=user,
        session_id=session,
        item_id=product,
        type=kind,
        text=text,
        text_kind=TextKind.TEXT_KIND_ITEM if text else TextKind.TEXT_KIND_UNSPECIFIED,
        attributes=attributes,
    )
