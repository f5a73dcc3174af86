"""Intervals whose coverage holds in the long run whatever the stream does."""


class AdaptiveInterval:
    """Adaptive conformal inference by tracking a quantile of past residuals.

    The half width, in units of a spread that the model states, grows when a rating fell outside and
    shrinks when it fell inside, in the proportion that makes the wanted share fall inside: after N
    ratings the coverage is off by at most the range of the half width over `step * N`, for any
    sequence at all (Gibbs and Candes 2021, "Adaptive conformal inference under distribution shift";
    in this form: Angelopoulos, Candes and Tibshirani 2023, "Conformal PID control").
    """

    def __init__(self, *, coverage: float = 0.9, step: float = 0.05, start: float = 1.645) -> None:
        """Start as for a normal distribution.

        Args:
            coverage: Share of ratings that shall be inside, in (0, 1).
            step: How much the half width grows at most at a rating.
            start: First half width.
        """
        self._coverage, self._step, self._half = coverage, step, start

    def interval(self, expected: float, spread: float) -> tuple[float, float]:
        """Return lower and upper end, in [1, 5]; `expected` in stars, `spread` its standard deviation."""
        reach = self._half * spread
        return min(max(expected - reach, 1.0), 5.0), max(min(expected + reach, 5.0), 1.0)

    def learn(self, expected: float, spread: float, rating: float) -> None:
        """Take in where the rating fell."""
        outside = abs(rating - expected) > self._half * spread
        self._half = max(self._half + self._step * (outside - (1 - self._coverage)), 0.0)
