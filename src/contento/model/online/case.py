"""What is known when a rating is predicted, what is kept of it, and what a model must be able to do."""

from array import array
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Somebody is about to rate something.

    Attributes:
        user: The user's number, from 0.
        item: The item's number, from 0.
        time: Seconds; only differences matter.
        attributes: A number for the value of each attribute of the user, -1 where unknown.
    """

    user: int
    item: int
    time: float
    attributes: tuple[int, ...] = ()


class OnlineModel(Protocol):
    """Predicts a rating, then learns it."""

    def predict(self, case: Case) -> float:
        """Return the expected rating, in [1, 5]; changes nothing."""
        ...

    def learn(self, case: Case, rating: float) -> None:
        """Take the rating in."""
        ...


class Past:
    """All ratings learned, in their order, as columns."""

    def __init__(self) -> None:
        """Start empty."""
        self._user, self._item = array("q"), array("q")
        self._rating = array("d")

    def __len__(self) -> int:
        return len(self._user)

    def append(self, case: Case, rating: float) -> None:
        """Add a rating."""
        self._user.append(case.user)
        self._item.append(case.item)
        self._rating.append(rating)

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return users, items and ratings, each `[N]`, as copies."""
        return np.array(self._user), np.array(self._item), np.array(self._rating)
