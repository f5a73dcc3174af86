"""Intervals whose coverage holds whatever the stream does, and soon after it changes."""

from collections import deque
from collections.abc import Iterable
from typing import Final

_RECENT: Final = 100
"""Ratings whose largest error sets the step: a few more than it takes to see the tenth that is to be outside."""


class AdaptiveInterval:
    """Adaptive conformal inference by tracking a quantile of past errors.

    The half width, in units of a spread that the model states, grows when a rating fell outside and shrinks when it
    fell inside, in the proportion that makes the wanted share fall inside, for any sequence at all (Gibbs and Candes
    2021, "Adaptive conformal inference under distribution shift"). Over N ratings the coverage is off by the change
    of the half width over `N` steps, so a step must not be small beside the half width that is needed next. It is
    therefore a share of the largest of the last errors (Angelopoulos, Candes and Tibshirani 2023, "Conformal PID
    control for time series prediction"): when the errors double, so does the step, at once.

    Attributes:
        half: Half width as it stands.
        recent: The last errors, in the same unit.
    """

    def __init__(
        self, *, coverage: float = 0.9, step: float = 0.05, start: float = 1.645, recent: Iterable[float] = ()
    ) -> None:
        """Start as for a normal distribution, or go on.

        Args:
            coverage: Share of ratings that shall be inside, in (0, 1).
            step: How much the half width grows at most at a rating, as a share of the largest recent error.
            start: First half width.
            recent: Errors before it.
        """
        self._coverage, self._step, self.half = coverage, step, start
        self.recent = deque(recent or [start], maxlen=_RECENT)

    def interval(self, expected: float, spread: float) -> tuple[float, float]:
        """Return lower and upper end, in [1, 5]; `expected` in stars, `spread` its standard deviation."""
        reach = self.half * spread
        return min(max(expected - reach, 1.0), 5.0), max(min(expected + reach, 5.0), 1.0)

    def learn(self, expected: float, spread: float, rating: float) -> None:
        """Take in where the rating fell."""
        error = abs(rating - expected) / spread
        self.recent.append(error)
        outside = error > self.half
        step = self._step * max(self.recent)
        self.half = max(self.half + step * (outside - (1 - self._coverage)), 0.0)
