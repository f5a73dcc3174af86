"""The ratings of a source as columns, with what was known when each was given."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Feedback, UserEvent
from contento.model.online.case import Case
from contento.training.records import Source, limited

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


class EvaluationError(ContentoError):
    """Data cannot be evaluated as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Ratings in the order in which they are judged.

    Attributes:
        user_ids: Of the users, by number.
        item_ids: Of the items, by number.
        cases: What is known before each rating.
        ratings: 1 to 5, `[N]`.
        categories: `[items, C]`, 1 where an item is of a category.
        numbers: `[items, K]`, prices and what else is a number among the items' attributes; NaN: unknown.
        values: Number of values of each attribute of users.
    """

    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    cases: tuple[Case, ...]
    ratings: NDArray[np.float64]
    categories: NDArray[np.float64]
    numbers: NDArray[np.float64]
    values: tuple[int, ...]


def read_ratings(source: Source, limit: int | None = None, report: Callable[[int], None] | None = None) -> Ratings:
    """Read the ratings of a source: each in the place of its feedback.

    Ids are numbered as they appear; the numbers say nothing about what is to come. Attributes are those that
    the events of the rating's user have carried so far.

    Args:
        source: The data.
        limit: Most events to read.
        report: Called with the number of ratings read, now and then.

    Raises:
        EvaluationError: There is no rating.
        DataError: A file is wrong.
    """
    users, items, names = _Numbers(), _Numbers(), _Numbers()
    values: list[_Numbers] = []
    known: dict[int, dict[int, int]] = {}
    raw: list[tuple[int, int, float, dict[int, int]]] = []
    stars: list[float] = []
    for record in limited(source, limit):
        user = users[record.user_id]
        if isinstance(record, UserEvent):
            if record.attributes:
                found = dict(known.get(user, {}))
                for name, value in sorted(record.attributes.items()):
                    number = names[name]
                    if number == len(values):
                        values.append(_Numbers())
                    found[number] = values[number][value]
                known[user] = found
        elif isinstance(record, Feedback) and record.HasField("rating") and record.item_id:
            time = record.time.seconds + record.time.nanos / 1e9
            raw.append((user, items[record.item_id], time, known.get(user, {})))
            stars.append(record.rating)
            if report and len(stars) % 1000 == 0:
                report(len(stars))
    if not raw:
        raise EvaluationError(f"{source.name}: no rating of an item: name data with ratings, e.g. movielens-100k:DIR")
    order = range(len(names))
    return Ratings(
        user_ids=tuple(users),
        item_ids=tuple(items),
        cases=tuple(
            Case(user=user, item=item, time=time, attributes=tuple(found.get(each, -1) for each in order))
            for user, item, time, found in raw
        ),
        ratings=np.array(stars),
        categories=_categories(source, items),
        numbers=_item_numbers(source, items),
        values=tuple(map(len, values)),
    )


def _categories(source: Source, items: "_Numbers") -> NDArray[np.float64]:
    names = _Numbers()
    pairs = [
        (items[item.item_id], names[category])
        for item in source.items()
        if item.item_id in items
        for category in item.categories
    ]
    found = np.zeros((len(items), len(names)))
    for item, category in pairs:
        found[item, category] = 1
    return found


def _item_numbers(source: Source, items: "_Numbers") -> NDArray[np.float64]:
    names = _Numbers()
    cells = []
    for item in source.items():
        if item.item_id in items:
            found = dict(item.attributes) | ({"price": str(item.price)} if item.HasField("price") else {})
            cells += [
                (items[item.item_id], names[name], float(value))
                for name, value in sorted(found.items())
                if _NUMBER.fullmatch(value)
            ]
    numbers = np.full((len(items), len(names)), np.nan)
    for index, name, value in cells:
        numbers[index, name] = value
    return numbers


class _Numbers(dict[str, int]):
    """Numbers names as they are asked for, from 0."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]
