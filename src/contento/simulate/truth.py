"""What is true in a simulated world, so that tests and demonstrations can compare."""

import math
from array import array
from dataclasses import dataclass
from typing import Final

from contento.simulate.scenarios import DriftKind

RATING_NOISE: Final = 0.45
"""Standard deviation of a rating about its opinion, before it is rounded."""
_THRESHOLD, _SPREAD = 0.25, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedDrift:
    """A drift, as it came.

    Attributes:
        kind: What drifted.
        start_ms: Since when, in ms since 1970.
        end_ms: Until when; `None` when it stayed.
        users: Ids of the users concerned; empty: all.
        items: Ids of the items concerned; empty: all.
        segment: Declared segment concerned; empty: any.
        tower: Tower of the model whose input it took; empty: none.
    """

    kind: DriftKind
    start_ms: int
    end_ms: int | None
    users: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    segment: str = ""
    tower: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTruth:
    """What is true of one event.

    Attributes:
        rating: Expected rating of its item by its user at that moment, 1 to 5; NaN without an item.
        satisfaction: P(negative), P(neutral), P(positive) of the user after it.
        spam: Whether a bot made it.
    """

    rating: float
    satisfaction: tuple[float, float, float]
    spam: bool


class Truth:
    """The truth of a world, as far as it has been generated; 9 bytes an event.

    Attributes:
        groups: Planted group of each user, by id; bots have none.
        drifts: What drifted.
    """

    def __init__(self, prefix: str) -> None:
        """Start empty; event ids are the prefix and the number of the event, from 0."""
        self.groups: dict[str, str] = {}
        self.drifts: list[PlantedDrift] = []
        self._prefix = prefix
        self._ratings, self._moods, self._spam = array("f"), array("f"), bytearray()

    def __len__(self) -> int:
        return len(self._ratings)

    def add(self, rating: float, mood: float, *, spam: bool) -> str:
        """Record the truth of the next event; return the event's id."""
        self._ratings.append(rating)
        self._moods.append(mood)
        self._spam.append(spam)
        return f"{self._prefix}{len(self._ratings) - 1}"

    def __getitem__(self, event_id: str) -> EventTruth:
        """Return what is true of an event.

        Raises:
            KeyError: This world has made no such event.
        """
        number = event_id.removeprefix(self._prefix)
        if not event_id.startswith(self._prefix) or not number.isdigit() or int(number) >= len(self):
            raise KeyError(event_id)
        index = int(number)
        return EventTruth(
            rating=self._ratings[index],
            satisfaction=satisfaction_of(self._moods[index]),
            spam=bool(self._spam[index]),
        )


def expected_rating(opinion: float, noise: float = RATING_NOISE) -> float:
    """Return the expectation of a rating: the opinion with normal noise, rounded, held within 1 to 5."""
    scale = noise * math.sqrt(2)
    return 3.0 + 0.5 * sum(math.erf((opinion - edge) / scale) for edge in (1.5, 2.5, 3.5, 4.5))


def satisfaction_of(mood: float) -> tuple[float, float, float]:
    """Return P(negative), P(neutral), P(positive) of a mood."""
    scale = _SPREAD * math.sqrt(2)
    negative = 0.5 * (1 - math.erf((mood + _THRESHOLD) / scale))
    positive = 0.5 * (1 + math.erf((mood - _THRESHOLD) / scale))
    return negative, 1 - negative - positive, positive
