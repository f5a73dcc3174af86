"""The ratings of a source as columns, with what was known when each was given."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Feedback, UserEvent
from contento.model.correction.tags import Tags, tags_of
from contento.model.online.case import Case
from contento.training.records import Source, limited

_REPORT_EVERY: Final = 1_000
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
        attributes: Values of each attribute of users, in the numbering of `Case.attributes`.
        tags: Of each item, as the live system sees it.
    """

    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    cases: tuple[Case, ...]
    ratings: NDArray[np.float64]
    categories: NDArray[np.float64]
    numbers: NDArray[np.float64]
    attributes: Mapping[str, tuple[str, ...]]
    tags: tuple[Tags, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """Number of values of each attribute."""
        return tuple(map(len, self.attributes.values()))

    def pairs(self) -> list[tuple[str, str]]:
        """Return each rating's (user id, item id)."""
        return [(self.user_ids[case.user], self.item_ids[case.item]) for case in self.cases]

    def attribute(self, name: str) -> NDArray[np.object_]:
        """Return each rating's value `[N]` of an attribute; `item` is the item's id; empty: unknown.

        Raises:
            EvaluationError: No user has such an attribute.
        """
        if name == "item":
            return np.array([self.item_ids[case.item] for case in self.cases], np.object_)
        if name not in self.attributes:
            raise unknown_group(name, self.attributes)
        place, values = list(self.attributes).index(name), (*self.attributes[name], "")
        return np.array([values[case.attributes[place]] for case in self.cases], np.object_)


def unknown_group(name: str, attributes: Iterable[str]) -> EvaluationError:
    """Return the error that no attribute has this name."""
    known = ", ".join((*sorted(attributes), "item"))
    return EvaluationError(f"--groups {name}: no event has an attribute of this name: give one of {known}")


def read_ratings(source: Source, limit: int | None = None, report: Callable[[int], None] | None = None) -> Ratings:
    """Read the ratings of a source: each in the place of its feedback.

    Ids are numbered as they appear; the numbers say nothing about what is to come. Attributes are those that
    the events of the rating's user have carried so far.

    Args:
        source: The data.
        limit: Most events to read.
        report: Told how many more ratings were read, now and then.

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
            if report and len(stars) % _REPORT_EVERY == 0:
                report(_REPORT_EVERY)
    if not raw:
        raise EvaluationError(
            f"{source.name}: no rating of an item: name data with ratings, e.g. movielens-100k:DIR, or judge a bundle "
            "on labels with --bundle DIR"
        )
    if report:
        report(len(stars) % _REPORT_EVERY)
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
        attributes={name: tuple(each) for name, each in zip(names, values, strict=True)},
        tags=_tags(source, items),
    )


def ratings_of(users: Sequence[str], items: Sequence[str], ratings: NDArray[np.float64]) -> Ratings:
    """Return ratings `[N]` of which nothing but user and item is known."""
    user_numbers, item_numbers = _Numbers(), _Numbers()
    cases = tuple(
        Case(user=user_numbers[user], item=item_numbers[item], time=0.0)
        for user, item in zip(users, items, strict=True)
    )
    return Ratings(
        user_ids=tuple(user_numbers),
        item_ids=tuple(item_numbers),
        cases=cases,
        ratings=ratings,
        categories=np.zeros((len(item_numbers), 0)),
        numbers=np.zeros((len(item_numbers), 0)),
        attributes={},
        tags=(Tags(),) * len(item_numbers),
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


def _tags(source: Source, items: "_Numbers") -> tuple[Tags, ...]:
    found = {items[item.item_id]: tags_of(item) for item in source.items() if item.item_id in items}
    return tuple(found.get(number, Tags()) for number in range(len(items)))


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
