"""Traces: counts, recency, moods and tastes, kept as running sums.

A residual is the rating less the biases that predicted it. Sums of residuals over counts are shrunk
towards 0, so that a trace of one rating weighs little.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.online.case import Case

_PACES: Final = (0.05, 0.2, 0.5)
"""Shares of the newest residual in a user's moving means."""
_ITEM_PACE: Final = 0.05
_SHRINK: Final = 5.0
"""Ratings at which a group's mean residual counts for half."""
_BINS: Final = 12
"""Into which the numbers of items are cut, for the tastes of users."""
_OWN: Final = 19 + len(_PACES)
"""Values that depend neither on categories nor on attributes."""


class Traces:
    """What running sums say about a user and an item."""

    def __init__(
        self,
        *,
        users: int,
        items: int,
        categories: NDArray[np.float64],
        numbers: NDArray[np.float64],
        values: Sequence[int],
    ) -> None:
        """Start empty.

        Args:
            users: Room for users.
            items: Room for items.
            categories: `[items, C]`, 1 where an item is of a category.
            numbers: `[items, K]`, what else is known of items (a year, a price); NaN: unknown.
            values: Number of values of each attribute.
        """
        self._categories = categories
        self._numbers = numbers
        self._bins = np.stack([_bins(each) for each in numbers.T], axis=1) if numbers.size else numbers.astype(int)
        self._values = tuple(values)
        self._user, self._item = _Sums(users), _Sums(items)
        self._pace = np.zeros((users, len(_PACES)))
        self._item_pace = np.zeros(items)
        self._last = np.zeros((users, 3))  # last residual, times of the first and the last rating
        self._session = np.zeros((users, 2))  # ratings in this second, their residuals
        self._stars = np.zeros((users, 5))
        width = categories.shape[1]
        self._taste = np.zeros((users, 2, width))  # sums of residuals, counts
        self._category = np.zeros((2, width))
        self._each = np.arange(numbers.shape[1])
        self._taste_at = np.zeros((users, len(self._each), _BINS + 1, 2))
        self._group_item = [np.zeros((size, items, 2)) for size in self._values]
        self._group_taste = [np.zeros((size, 2, width)) for size in self._values]

    @property
    def width(self) -> int:
        """Length of `values`."""
        return _OWN + 1 + int(self._categories.shape[1]) + 2 * len(self._each) + 3 * len(self._values)

    def values(self, case: Case) -> NDArray[np.float64]:
        """Return the traces `[width]` as features; changes nothing."""
        user, item = case.user, case.item
        found = np.empty(self.width)
        found[0:5] = self._user.values(user)
        found[5:10] = self._item.values(item)
        residual, first, last = self._last[user]
        seen = self._user.count[user] > 0
        found[10] = residual
        found[11] = np.log1p(max(case.time - last, 0)) if seen else np.nan
        found[12] = np.log1p(max(case.time - first, 0)) if seen else np.nan
        together = seen and case.time == last
        found[13] = self._session[user, 0] if together else 0
        found[14] = self._session[user, 1] / (self._session[user, 0] + 1) if together else 0
        found[15] = self._item_pace[item]
        found[16:19] = self._stars[user, [0, 3, 4]] / (self._user.count[user] + 1)
        found[19:_OWN] = self._pace[user]
        categories = self._categories[item]
        found[_OWN] = _affinity(self._taste[user], categories)
        start = _OWN + 1
        found[start : start + len(categories)] = categories
        place = start + len(categories)
        middle, end = place + len(self._each), place + 2 * len(self._each)
        found[place:middle] = self._numbers[item]
        total, count = self._taste_at[user, self._each, self._bins[item]].T
        found[middle:end] = total / (count + _SHRINK)
        place = end
        for index, value in enumerate(case.attributes):
            if value < 0:
                found[place : place + 3] = np.nan
            else:
                total, count = self._group_item[index][value, item]
                found[place : place + 3] = (
                    value,
                    total / (count + _SHRINK),
                    _affinity(self._group_taste[index][value], categories),
                )
            place += 3
        return found

    def learn(self, case: Case, rating: float, residual: float) -> None:
        """Add a rating and its residual, both in stars."""
        user, item = case.user, case.item
        if not self._user.count[user]:
            self._last[user, 1] = case.time
        self._session[user] = (self._session[user] if case.time == self._last[user, 2] else 0) + np.array([1, residual])
        self._user.add(user, rating, residual)
        self._item.add(item, rating, residual)
        self._pace[user] += np.array(_PACES) * (residual - self._pace[user])
        self._item_pace[item] += _ITEM_PACE * (residual - self._item_pace[item])
        self._last[user, 0], self._last[user, 2] = residual, case.time
        self._stars[user, int(np.clip(round(rating), 1, 5)) - 1] += 1
        categories = self._categories[item]
        step = np.array([residual * categories, categories])
        self._taste[user] += step
        self._taste_at[user, self._each, self._bins[item]] += (residual, 1)
        for index, value in enumerate(case.attributes):
            if value >= 0:
                self._group_item[index][value, item] += (residual, 1)
                self._group_taste[index][value] += step


def _affinity(sums: NDArray[np.float64], categories: NDArray[np.float64]) -> float:
    """Return the mean, over an item's categories, of the shrunk mean residual there."""
    return float((sums[0] / (sums[1] + _SHRINK)) @ categories / max(categories.sum(), 1))


def _bins(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return bins of equal width for numbers `[items]`; the last bin is that of the unknown."""
    known = np.isfinite(numbers)
    if not known.any():
        return np.full(len(numbers), _BINS)
    low, high = numbers[known].min(), numbers[known].max()
    place = np.clip((numbers - low) / max(high - low, 1e-9) * _BINS, 0, _BINS - 1)
    return np.where(known, np.nan_to_num(place), _BINS).astype(np.int64)


class _Sums:
    """Counts, sums and squares of ratings and residuals, by id."""

    def __init__(self, size: int) -> None:
        self.count = np.zeros(size)
        self._sums = np.zeros((size, 4))

    def add(self, index: int, rating: float, residual: float) -> None:
        self.count[index] += 1
        self._sums[index] += (rating, rating * rating, residual, residual * residual)

    def values(self, index: int) -> tuple[float, float, float, float, float]:
        """Return the count, the mean and the spread of ratings, and the same of residuals."""
        count = self.count[index]
        if not count:
            return 0.0, np.nan, np.nan, 0.0, np.nan
        rating, square, residual, error = self._sums[index] / count
        return count, rating, square - rating * rating, residual * count / (count + _SHRINK), error
