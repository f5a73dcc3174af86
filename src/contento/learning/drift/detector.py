"""A drift detector whose false alarms are bounded by arithmetic, not by tuning: bets against "nothing has changed".

Each bet stakes a fixed share of its wealth on every sample being above (or below) the baseline. While what is to be
expected of the next sample, given all before, stays on the baseline's side, no bet gains on average, whatever the
distribution. A mixture of bets, started anew at every sample and added up (Shiryaev-Roberts), then crosses `threshold`
after `threshold` samples or more on average. Once the mean has moved, some bet grows exponentially.

Source: Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential change detection, 2022.
The baseline is not given there; here it is learned, with a margin for its error: see `docs/drift.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from river.base import DriftDetector

EFFECTS: Final = (0.15, 0.4, 1.0)
"""Shifts that bets are made for, in standard deviations: each 2.6 times the last, so that any between lies near one."""
WARM_UP: Final = 128
CONFIRMATION: Final = 8
COOL_DOWN: Final = 32
_REFRESH: Final = 16
"""Samples between two looks at the baseline: bets must only not depend on what they are made on."""
_SUSPICION: Final = 30.0
"""Wealth from which on the baseline ends where that bet began: a change must not become normal while it is weighed."""
_LONGEST_MEMORY: Final = 50_000.0
"""Samples in the baseline at which their weight is halved, so that it can follow the years."""
_MARGIN: Final = 1.25
"""Standard errors by which the baseline may be wrong; one more at the end of the warm-up.
With less, false alarms of young baselines exceed the threshold's promise; with more, changes are seen later."""
_STAKE: Final = 0.9
"""Share of the wealth that a sample can take at most; 1 would end a bet for good."""

Direction = Literal["up", "down", "both"]
_Mark = tuple[float, float, float, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the mean that was found.

    Attributes:
        rise: The mean after, less that before.
        before: Mean of the baseline.
        before_deviation: Standard deviation of its samples.
        before_samples: How many they are.
        after: Mean since the estimated change point.
        after_deviation: Standard deviation since then.
        after_samples: Samples since then, the first after the change included.
        begin: Label of the first of them, as given to `update`.
        evidence: The statistic, at least the threshold.
    """

    rise: float
    before: float
    before_deviation: float
    before_samples: int
    after: float
    after_deviation: float
    after_samples: int
    begin: int
    evidence: float


class BettingDetector(DriftDetector):
    """Finds changes of the mean of values in [0, 1].

    After `drift_detected`, the next update starts over: some samples are left out, while the change may still be
    under way, then a new baseline is learned; nothing is found meanwhile.

    Attributes:
        change: What was found by the last update; `None`: nothing.
    """

    def __init__(
        self,
        *,
        threshold: float,
        direction: Direction = "both",
        tolerance: float = 0.0,
        warm_up: int = WARM_UP,
        confirmation: int = CONFIRMATION,
        cool_down: int = COOL_DOWN,
    ) -> None:
        """Start without a baseline.

        Args:
            threshold: Least mean number of samples between false alarms, above 1.
            direction: Which changes count.
            tolerance: Shift of the mean, in [0, 1], that does not count.
            warm_up: Samples that only make the baseline, at least 2.
            confirmation: Samples after the threshold was crossed, at whose end the statistic must still lie above.
            cool_down: Samples left out after a change.
        """
        super().__init__()
        self.threshold, self.direction, self.tolerance = threshold, direction, tolerance
        self.warm_up, self.confirmation, self.cool_down = warm_up, confirmation, cool_down
        self._resting = 0
        sides = {"up": (1.0,), "down": (-1.0,), "both": (1.0, -1.0)}[direction]
        self._effects = [side * effect for side in sides for effect in EFFECTS]
        self._reset()

    def _reset(self) -> None:
        super()._reset()
        self.change: Change | None = None
        self._seen: tuple[float, float, float] = (0.0, 0.0, 0.0)  # samples, their sum, the sum of their squares
        self._known: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the baseline, likewise
        self._forgotten: tuple[float, float, float] = (0.0, 0.0, 0.0)  # what of the seen is too old for it
        self._confirming = -1
        count = len(self._effects)
        self._statistic = 0.0
        self._statistics = [0.0] * count
        self._wealths = [1.0] * count
        self._marks: list[_Mark] = [(0.0, 0.0, 0.0, 0)] * count
        self._top = self._bottom = 0.5
        self._bets = [0.0] * count

    @property
    def samples(self) -> int:
        """Samples since the start, or since the last change."""
        return int(self._seen[0])

    @property
    def warm(self) -> bool:
        """Whether there is a baseline."""
        return self._seen[0] >= self.warm_up

    def update(self, x: float, label: int = 0) -> None:
        """Take the next sample.

        Args:
            x: In [0, 1]; what lies beyond is moved to the end.
            label: Whatever the change point shall be named by, e.g. the sample's time.

        Raises:
            ValueError: The sample is not a number.
        """
        if self._drift_detected:
            self._reset()
            self._resting = self.cool_down
        if self._resting:
            self._resting -= 1
            return
        if not 0.0 <= x <= 1.0:
            if math.isnan(x):
                raise ValueError("a sample is NaN: leave out what is not known")
            x = min(max(x, 0.0), 1.0)
        count, total, squares = self._seen
        if count >= self.warm_up:
            self._bet(x, (count, total, squares, label))
        self._seen = (count + 1.0, total + x, squares + x * x)
        if count + 1 >= self.warm_up:
            if (count + 1 - self.warm_up) % _REFRESH == 0:
                self._refresh()
            self._judge()

    def suspected(self) -> Change | None:
        """Return the change that the best bet sees so far, sure or not; its `evidence` is that bet's wealth."""
        if not self.warm or self._seen[0] <= self.warm_up:
            return None
        best = max(range(len(self._wealths)), key=self._wealths.__getitem__)
        return self._describe(self._marks[best], self._wealths[best])

    def _bet(self, x: float, mark: _Mark) -> None:
        """Let every bet win or lose, those begun before and those that begin now. They are what a sample costs."""
        up, down = x - self._top, x - self._bottom
        statistics, wealths = self._statistics, self._wealths
        weight = 1.0 / len(statistics)
        total = 0.0
        for place, bet in enumerate(self._bets):
            growth = 1.0 + bet * (up if bet > 0.0 else down)
            statistics[place] = statistic = (statistics[place] + weight) * growth
            total += statistic
            # Beside the sum over all beginnings, the best beginning so far: where it lies is the change point.
            wealth = wealths[place]
            if wealth > 1.0:
                wealths[place] = wealth * growth
            else:
                wealths[place] = growth
                self._marks[place] = mark
        self._statistic = total

    def _refresh(self) -> None:
        """Let the baseline reach up to now, or to where suspicion begins, and set the bets by it."""
        best = max(range(len(self._wealths)), key=self._wealths.__getitem__)
        end = self._marks[best] if self._wealths[best] >= _SUSPICION else self._seen
        known = (end[0] - self._forgotten[0], end[1] - self._forgotten[1], end[2] - self._forgotten[2])
        if known[0] >= self.warm_up:  # else suspicion is older than what is remembered, and the baseline stays
            self._known = known
        if self._known[0] >= _LONGEST_MEMORY:
            old, self._known = self._forgotten, _times(self._known, 0.5)
            self._forgotten = (old[0] + self._known[0], old[1] + self._known[1], old[2] + self._known[2])
        count = self._known[0]
        mean, deviation = _moments(self._known)
        margin = max(self.tolerance, deviation / math.sqrt(count) * (_MARGIN + self.warm_up / count))
        self._top = min(mean + margin, 1 - 1e-6)
        self._bottom = max(mean - margin, 1e-6)
        most, least = _STAKE / self._top, -_STAKE / (1 - self._bottom)
        self._bets = [min(max(effect / deviation, least), most) for effect in self._effects]

    def _judge(self) -> None:
        if self._confirming < 0:
            if self._statistic < self.threshold:
                return
            self._confirming = self.confirmation
        if self._confirming > 0:
            self._confirming -= 1
            return
        self._confirming = -1
        if self._statistic >= self.threshold:
            best = max(range(len(self._wealths)), key=lambda place: self._statistics[place])
            self.change = self._describe(self._marks[best], self._statistic)
            self._drift_detected = True

    def _describe(self, mark: _Mark, evidence: float) -> Change:
        before, before_deviation = _moments(self._known)
        since = (self._seen[0] - mark[0], self._seen[1] - mark[1], self._seen[2] - mark[2])
        after = since[1] / max(since[0], 1.0)
        return Change(
            rise=after - before,
            before=before,
            before_deviation=before_deviation,
            before_samples=int(self._known[0]),
            after=after,
            after_deviation=_moments(since)[1],
            after_samples=int(since[0]),
            begin=mark[3],
            evidence=evidence,
        )

    def state(self) -> dict[str, Any]:
        """Return everything that later answers depend on, of what JSON knows; arguments of the constructor are not."""
        return {
            "drift": self._drift_detected,
            "resting": self._resting,
            "seen": self._seen,
            "known": self._known,
            "forgotten": self._forgotten,
            "confirming": self._confirming,
            "statistic": self._statistic,
            "statistics": self._statistics,
            "wealths": self._wealths,
            "marks": self._marks,
            "top": self._top,
            "bottom": self._bottom,
            "bets": self._bets,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `state` has returned.

        Raises:
            KeyError: Something is missing.
            ValueError: It is of another number of bets.
        """
        size = len(self._effects)
        if any(len(state[name]) != size for name in ("statistics", "wealths", "marks", "bets")):
            raise ValueError(f"a state of another number of bets than {size}")
        self._reset()
        self._drift_detected, self._resting = bool(state["drift"]), int(state["resting"])
        self._seen, self._known, self._forgotten = (_three(state[name]) for name in ("seen", "known", "forgotten"))
        self._confirming = int(state["confirming"])
        self._statistics, self._wealths, self._bets = (
            [float(value) for value in state[name]] for name in ("statistics", "wealths", "bets")
        )
        self._statistic = float(state["statistic"])
        self._marks = [(float(n), float(total), float(squares), int(at)) for n, total, squares, at in state["marks"]]
        self._top, self._bottom = float(state["top"]), float(state["bottom"])


def _moments(sums: tuple[float, float, float]) -> tuple[float, float]:
    """Return mean and standard deviation, with one sample of 0.5 ± 0.5 more than there are: neither becomes 0."""
    count = sums[0] + 1.0
    mean = (sums[1] + 0.5) / count
    return mean, math.sqrt(max((sums[2] + 0.5) / count - mean * mean, 1e-8))


def _times(values: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return values[0] * factor, values[1] * factor, values[2] * factor


def _three(values: Any) -> tuple[float, float, float]:
    count, total, squares = values
    return float(count), float(total), float(squares)
