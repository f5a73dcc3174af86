"""What is watched: each signal as a value in [0, 1], which detectors need, and in the unit that people read."""

from dataclasses import dataclass
from typing import Final, Literal

from contento.contracts.messages import DriftKind
from contento.learning.drift.detector import BettingDetector, Direction

Family = Literal["error", "bias", "coverage", "scores", "missing", "repeats", "unseen", "mix", "representation"]

BUDGET: Final = 1e-5
"""False alarms per sample, all monitors together: one in 100,000. A sample is a score, or a judged score."""
UPDATES_PER_SAMPLE: Final = 9.0
"""Most updates of detectors that a sample makes, on average: the budget is shared out among them.

A rating makes 5: error and bias, overall and in its segment, and coverage. Feedback that says something of satisfaction
too makes 9. A score makes at most 3.2: four towers once in four scores, 1; its text, 1; and once in 16 scores each of
nine event types, four projections, three scores, two kinds of ids, and satisfaction in its segment, 19 / 16.
Segments cost nothing: a sample lies in one of them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How the monitors of a family watch.

    Attributes:
        kind: What a change of it is.
        batch: Samples whose mean is one update of the detector. More make it cheaper, and less easily fooled by
            samples that hang together, such as those of one visit; a change is seen a batch later.
        direction: Which changes count.
        tolerance: Shift of the mean, in [0, 1], that does not count, though it may be certain.
        warm_up: Updates that make the baseline.
        confirmation: Updates over which a change must last.
        cool_down: Updates left out after a change.
    """

    kind: DriftKind
    batch: int = 1
    direction: Direction = "both"
    tolerance: float = 0.0
    warm_up: int = 128
    confirmation: int = 8
    cool_down: int = 32

    def detector(self, threshold: float) -> BettingDetector:
        """Return a detector that watches so."""
        return BettingDetector(
            threshold=threshold,
            direction=self.direction,
            tolerance=self.tolerance,
            warm_up=self.warm_up,
            confirmation=self.confirmation,
            cool_down=self.cool_down,
        )


RULES: Final[dict[Family, Rule]] = {
    "error": Rule(kind=DriftKind.DRIFT_KIND_ERROR, tolerance=0.005),
    "bias": Rule(kind=DriftKind.DRIFT_KIND_CALIBRATION, tolerance=0.005),
    "coverage": Rule(kind=DriftKind.DRIFT_KIND_CALIBRATION, tolerance=0.02),
    "scores": Rule(
        kind=DriftKind.DRIFT_KIND_SCORES, batch=16, tolerance=0.02, warm_up=64, confirmation=2, cool_down=4
    ),
    "missing": Rule(
        kind=DriftKind.DRIFT_KIND_INPUT, batch=4, tolerance=0.02, warm_up=128, confirmation=2, cool_down=16
    ),
    "repeats": Rule(kind=DriftKind.DRIFT_KIND_INPUT, tolerance=0.05, warm_up=64, confirmation=4, cool_down=16),
    "unseen": Rule(
        kind=DriftKind.DRIFT_KIND_INPUT,
        batch=16,
        direction="up",
        tolerance=0.05,
        warm_up=64,
        confirmation=2,
        cool_down=4,
    ),
    "mix": Rule(kind=DriftKind.DRIFT_KIND_INPUT, batch=16, tolerance=0.03, warm_up=64, confirmation=2, cool_down=4),
    "representation": Rule(
        kind=DriftKind.DRIFT_KIND_INPUT, batch=16, tolerance=0.03, warm_up=64, confirmation=2, cool_down=4
    ),
}  # fmt: skip

QUALITY: Final[frozenset[Family]] = frozenset({"error", "bias", "coverage"})
"""Judged by labels: quality is at stake."""
TELLING: Final[tuple[Family, ...]] = ("missing", "repeats", "unseen", "mix", "scores", "representation")
"""The label-free families; of those that change together, the first says best what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How a value in [0, 1] reads.

    Attributes:
        scale: Of one unit of the value.
        zero: What a value of 0 is.
        name: After the number, e.g. ` stars`; `%`: shown as a percentage.
    """

    scale: float = 1.0
    zero: float = 0.0
    name: str = "%"

    def read(self, value: float) -> float:
        """Return a value in [0, 1] in this unit."""
        return self.zero + self.scale * value

    def show(self, value: float) -> str:
        """Return a number of this unit for people."""
        return f"{100 * value:.0f} %" if self.name == "%" else f"{value:.2f}{self.name}"


_SHARE: Final = Unit()
_RATIO: Final = Unit(name="")
_UNITS: Final[dict[tuple[Family, str], Unit]] = {
    ("error", "rating"): Unit(scale=4.0, name=" stars"),
    ("bias", "rating"): Unit(scale=8.0, zero=-4.0, name=" stars"),
    ("scores", "rating"): Unit(scale=4.0, zero=1.0, name=" stars"),
    ("scores", "width"): Unit(scale=4.0, name=" stars"),
    ("scores", "satisfaction"): _RATIO,
}


def unit_of(family: Family, subject: str) -> Unit:
    """Return the unit of a signal."""
    if (family, subject) in _UNITS:
        return _UNITS[family, subject]
    if family == "bias":
        return Unit(scale=2.0, zero=-1.0, name="")
    return _RATIO if family in {"error", "representation"} else _SHARE
