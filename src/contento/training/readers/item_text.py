"""The text of an item as events carry it."""

from contento.contracts.messages import Item


def item_text(item: Item) -> str:
    """Return title, description and categories, whichever there are, joined by full stops.

    Events carry it themselves, so that a replay gives the same scores whichever of the topics
    `items` and `events` is read first.
    """
    parts = (item.title, item.description, ", ".join(item.categories))
    return ". ".join(part.removesuffix(".") for part in parts if part)
