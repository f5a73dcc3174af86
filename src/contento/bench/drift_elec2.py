"""Drift detectors on Elec2, of whose drifts nobody knows: is a model better off that starts over at each alarm?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

from river.naive_bayes import GaussianNB

from contento.bench.drift_detectors import DETECTORS
from contento.bench.drift_streams import Elec2

NO_DETECTOR: Final = "none"
LAST_CLASS: Final = "last class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elec2Figures:
    """A detector on Elec2.

    Attributes:
        detector: Which; `none`: the model never starts over; `last class`: no model, the class before is predicted.
        alarms: How many.
        accuracy: Share of right predictions, each made before its answer was learned.
        us_per_sample: Microseconds a sample, of the detector alone; 0 where there is none.
    """

    detector: str
    alarms: int
    accuracy: float
    us_per_sample: float


def bench_elec2(
    data: Elec2,
    *,
    detectors: Sequence[str] = (),
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Elec2Figures]:
    """Predict each half-hour with naive Bayes, which starts over when a detector of its errors fires.

    Args:
        data: Read.
        detectors: Names of those that run; none: all.
        report: Told how many of how many detectors are done.
    """
    names = [*(name for name in DETECTORS if not detectors or name in detectors), NO_DETECTOR]
    right = sum(now == before for now, before in zip(data.up[1:], data.up[:-1], strict=True))
    figures = [Elec2Figures(detector=LAST_CLASS, alarms=0, accuracy=right / len(data.up), us_per_sample=0.0)]
    for place, name in enumerate(names):
        figures.append(_run(name, data))
        report(place + 1, len(names))
    return figures


def _run(name: str, data: Elec2) -> Elec2Figures:
    detector = DETECTORS[name]() if name in DETECTORS else None
    model = _model()
    alarms = right = 0
    seconds = 0.0
    for features, up in zip(data.features, data.up, strict=True):
        wrong = model.predict_one(features) is not up
        right += not wrong
        model.learn_one(features, up)
        if detector is None:
            continue
        start = process_time()
        detector.update(float(wrong))
        seconds += process_time() - start
        if detector.drift_detected:
            alarms += 1
            model = _model()
    count = len(data.up)
    return Elec2Figures(detector=name, alarms=alarms, accuracy=right / count, us_per_sample=seconds / count * 1e6)


def _model() -> Any:
    """Return a model that has learned nothing; River leaves it untyped."""
    made: Any = GaussianNB
    return made()
