"""A bet that a stream's mean has not fallen, placed anew with every observation.

The watcher holds that satisfaction x, in [0, 1], has at least the mean m, and lets somebody bet against it: a stake
s turns into s·(1 + f·(m - x)/(1 - m)) with a share f in [0, 1] of the stake at risk. If the mean is at least m, no
bet gains on average, whatever the distribution and however the past depends on it. So when all stakes that were
ever placed sum to S, the expected number of times that winnings reach 1 is at most S (Ville's inequality, applied
to the sum of the bets: the e-detector of Shin, Ramdas and Rinaldo, 2022, https://arxiv.org/abs/2203.03532, with
stakes that need not be equal). The stakes are therefore the budget of false alarms, in whatever clock they are
paid out: one that pays 1 in 30 days, over all streams together, raises at most one false alarm in 30 days.

After a real fall a few bets double with every few observations: 20 doublings make a million of a millionth.
"""

import math
from dataclasses import dataclass
from typing import Final

SHARES: Final = (0.1, 0.25, 0.5, 0.8)
"""Of the stake at risk, f: small ones win on small falls, large ones sooner on large falls."""
WARM_UP: Final = 8
"""Observations before the first bet."""
MEMORY: Final = 400.0
"""Observations that the reference remembers at least, however long ago they were."""
MEMORY_MS: Final = 7 * 86_400_000
"""Of streams with more traffic, time constant with which the reference forgets: a week evens out its days."""
DOUBT: Final = 1.0
"""Standard errors by which the mean that is bet on is below the reference."""
CLEAR: Final = 3.5
"""Standard errors, of before and after together, by which a fall must exceed the margin: the bets take the reference
for known, and a lucky start of one among thousands of streams must not make its ordinary days a fall."""
_USUAL_VARIANCE: Final = 0.1
"""Of ratings, most of which are a 5 or a 1; a handful of equal values does not show less."""
_VARIANCE_PRIOR: Final = 8.0
"""Observations that it weighs."""
_PRIOR: Final = 4.0
"""Observations that what is usual weighs: a lucky start is drawn towards it."""
MOST_WINNINGS: Final = 4.0
"""Winnings beyond this are burnt, per share: once satisfaction is back, they are lost within a few observations."""
_POOR_AFTER: Final = 24
"""Observations since a change after which a reference of half as many is given up."""
_ROOM: Final = 0.05
"""Below this mean there is nothing left to fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A mean satisfaction with its 95 % interval, in [0, 1], and the observations behind it."""

    mean: float
    lower: float
    upper: float
    samples: int


class FallDetector:
    """Watches one stream of values in [0, 1] for a fall of its mean.

    Attributes:
        staked: Stakes placed since it was last calmed.
        winnings: What they have become; an alarm is due at 1.
        since_ms: When the observations after the estimated change begin, unix milliseconds; 0: no change.
        n: Weight of the reference, in observations.
        mean: Mean before the change.
        variance: Variance before the change.
        after_n: Observations since the estimated change.
        after_sum: Their sum.
    """

    __slots__ = (
        "_after_squares", "_bets", "_gain", "_last_ms", "after_n", "after_sum", "mean", "n", "since_ms", "staked",
        "variance", "winnings",
    )  # fmt: skip

    def __init__(self) -> None:
        """Start with no reference."""
        self.n = self.mean = self.variance = 0.0
        self.staked = self.winnings = 0.0
        self.after_n, self.after_sum, self._after_squares = 0, 0.0, 0.0
        self.since_ms = self._last_ms = 0
        self._gain = 1.0
        self._bets = [0.0] * len(SHARES)

    def observe(self, value: float, *, stake: float, margin: float, usual: float, at_ms: int) -> bool:
        """Take an observation; return whether it counts as one after a change.

        Args:
            value: In [0, 1].
            stake: What is newly placed, before the value is known.
            margin: By how much the mean may be lower without anybody's interest.
            usual: Mean of streams like this one, in [0, 1]; one that began above it may have been lucky.
            at_ms: When, unix milliseconds; not below that of the last.
        """
        n = self.n
        if n < WARM_UP:
            self._remember(1, value, value * value, at_ms)
            return False
        mean = self.mean
        if mean > usual:
            mean = (n * mean + _PRIOR * usual) / (n + _PRIOR)
        allowed = mean - margin - DOUBT * math.sqrt(_error(self.variance, n))
        if allowed < _ROOM:
            self._remember(1, value, value * value, at_ms)
            return False
        won = (allowed - value) / (1.0 - allowed)
        bets, share, total = self._bets, stake / len(SHARES), 0.0
        for index, risked in enumerate(SHARES):
            bet = (bets[index] + share) * (1.0 + risked * won)
            bet = min(bet, MOST_WINNINGS)
            bets[index] = bet
            total += bet
        self.winnings = total
        self.staked += stake
        # CUSUM of the middle share's gains: where it was last at rest, the change is estimated to be.
        gain = self._gain * (1.0 + SHARES[2] * won)
        if gain <= 1.0:
            if self.after_n:
                self._remember(self.after_n, self.after_sum, self._after_squares, at_ms)
                self.after_n, self.after_sum, self._after_squares, self.since_ms = 0, 0.0, 0.0, 0
            self._remember(1, value, value * value, at_ms)
            self._gain = 1.0
            return False
        self._gain = min(gain, 1e12)
        if not self.after_n:
            self.since_ms = at_ms
        self.after_n += 1
        self.after_sum += value
        self._after_squares += value * value
        if self.after_n > _POOR_AFTER and self.after_n > 2 * n:
            # Little was known before: what has come since says better what is normal.
            self._remember(self.after_n, self.after_sum, self._after_squares, at_ms)
            self.calm()
            return False
        return True

    @property
    def fall(self) -> float:
        """How much lower the mean after the estimated change is than that before; 0 without a change."""
        return self.mean - self.after_sum / self.after_n if self.after_n else 0.0

    def is_clear(self, margin: float) -> bool:
        """Return whether the fall is beyond the margin and beyond what an inexact reference may explain."""
        if not self.after_n:
            return False
        mean = self.after_sum / self.after_n
        after = max(self._after_squares / self.after_n - mean * mean, 0.0)
        error = math.sqrt(_error(self.variance, self.n) + _error(after, self.after_n))
        return self.mean - mean - margin > CLEAR * error

    def before(self) -> Level:
        """Return the mean before the estimated change."""
        return _level(self.mean, self.variance, self.n)

    def after(self) -> Level:
        """Return the mean since."""
        mean = self.after_sum / self.after_n if self.after_n else self.mean
        variance = max(self._after_squares / self.after_n - mean * mean, 0.0) if self.after_n else self.variance
        return _level(mean, variance, self.after_n)

    def accept(self, shift: float) -> None:
        """Take a fall that has been told for the new normal, and bet anew.

        Args:
            shift: By how much the mean is lower where this stream itself has not seen the fall.
        """
        if self.after_n:
            after = self.after()
            self.mean, self.n = after.mean, float(min(self.after_n, 2 * WARM_UP))
        else:
            self.mean, self.n = max(self.mean - shift, 0.0), min(self.n, 2.0 * WARM_UP)
        self.calm()

    def doubt(self) -> None:
        """Take the reference for less sure, since what is measured is measured by another model from now on."""
        self.n = min(self.n, float(WARM_UP) / 2)
        self.calm()

    def calm(self) -> None:
        """Forget all bets and the estimated change."""
        self.after_n, self.after_sum, self._after_squares, self.since_ms = 0, 0.0, 0.0, 0
        self._gain = 1.0
        self.staked = self.winnings = 0.0
        self._bets = [0.0] * len(SHARES)

    def state(self) -> list[object]:
        """Return all that it knows, as JSON takes it."""
        return [
            self.n, self.mean, self.variance, self.staked, self._bets, self._gain, self.after_n, self.after_sum,
            self._after_squares, self.since_ms, self._last_ms,
        ]  # fmt: skip

    @classmethod
    def of_state(cls, state: list[object]) -> "FallDetector":
        """Return the detector that `state` was taken of."""
        made = cls()
        (
            made.n, made.mean, made.variance, made.staked, made._bets, made._gain, made.after_n, made.after_sum,
            made._after_squares, made.since_ms, made._last_ms,
        ) = state  # type: ignore[assignment]  # fmt: skip
        for bet in made._bets:  # in the order in which `observe` adds them
            made.winnings += bet
        return made

    def _remember(self, count: int, total: float, squares: float, at_ms: int) -> None:
        """Take observations into the reference."""
        if self.n > MEMORY and at_ms > self._last_ms:
            self.n = max(MEMORY, self.n * math.exp((self._last_ms - at_ms) / MEMORY_MS))
        self._last_ms = at_ms
        mean = total / count
        self.n += count
        weight = count / self.n
        away = mean - self.mean
        self.variance = (1 - weight) * (self.variance + weight * away * away) + weight * max(
            squares / count - mean * mean, 0.0
        )
        self.mean += weight * away


def _error(variance: float, n: float) -> float:
    """Return the squared standard error of a mean; of few observations the usual variance is part of it."""
    return (n * variance + _VARIANCE_PRIOR * _USUAL_VARIANCE) / (n + _VARIANCE_PRIOR) / n


def _level(mean: float, variance: float, n: float) -> Level:
    half = 1.96 * math.sqrt(_error(variance, n)) if n else 1.0
    return Level(mean=mean, lower=max(mean - half, 0.0), upper=min(mean + half, 1.0), samples=int(n))
