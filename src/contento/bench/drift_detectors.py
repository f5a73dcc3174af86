"""The detectors compared: ours as the monitors use it, River's with their defaults, and one that always fires."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import process_time
from typing import Any, Final, Protocol

import numpy as np
from river import drift
from river.drift import binary

from contento.bench.drift_messages import messages
from contento.bench.drift_streams import SEGMENTS, Stream
from contento.learning.drift.monitor import THRESHOLD
from contento.learning.drift.signals import RULES
from contento.learning.drift.watch import DriftWatch

OURS: Final = "ours"
ALL_OURS: Final = "ours-all"
ALWAYS_EVERY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm.

    Attributes:
        sample: Number of the sample that raised it.
        segment: The segment that it names; empty: none.
    """

    sample: int
    segment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of a stream.

    Attributes:
        alarms: In order.
        seconds: Of CPU that it took: the machine may have other work.
        samples: That the detector was given.
    """

    alarms: list[Alarm]
    seconds: float
    samples: int


class Detector(Protocol):
    """What River's detectors have in common, `DriftDetector` and `BinaryDriftDetector`."""

    @property
    def drift_detected(self) -> bool:
        """Whether the last sample showed a drift."""
        ...

    def update(self, x: Any) -> None:
        """Take a sample."""
        ...


DETECTORS: Final[Mapping[str, Callable[[], Detector]]] = {
    OURS: lambda: RULES["error"].detector(THRESHOLD),
    "ADWIN": drift.ADWIN,
    "PageHinkley": drift.PageHinkley,
    "HDDM_A": binary.HDDMA,
    "KSWIN": lambda: drift.KSWIN(seed=1),
    "always": lambda: drift.DummyDriftDetector(trigger_method="fixed", t_0=ALWAYS_EVERY),
}
"""By name. `always` fires every 100 samples: what a detector must do better than to be worth anything."""
SLOW: Final[Mapping[str, int]] = {ALL_OURS: 2, "KSWIN": 10}
"""What is given only the so-manieth part of the seeds: it takes a message, or sorts a window, for every sample."""


def watch_values(make: Callable[[], Detector], stream: Stream) -> Watched:
    """Run a detector over all of a stream, segments or not."""
    detector = make()
    values = stream.values.tolist()
    alarms = []
    start = process_time()
    for sample, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(Alarm(sample=sample))
    return Watched(alarms=alarms, seconds=process_time() - start, samples=len(values))


def watch_segments(make: Callable[[], Detector], stream: Stream) -> Watched:
    """Run a detector over each segment of a stream by itself, and one over all, as if each were alone."""
    if stream.segments is None:
        return watch_values(make, stream)
    everywhere, inside = make(), [make() for _ in range(SEGMENTS)]
    alarms = []
    start = process_time()
    for sample, (value, segment) in enumerate(zip(stream.values.tolist(), stream.segments.tolist(), strict=True)):
        inside[segment].update(value)
        everywhere.update(value)
        if inside[segment].drift_detected:
            alarms.append(Alarm(sample=sample, segment=f"s{segment}"))
        if everywhere.drift_detected:
            alarms.append(Alarm(sample=sample))
    return Watched(alarms=alarms, seconds=process_time() - start, samples=len(stream.values))


def watch_all(stream: Stream, generator: np.random.Generator) -> Watched:
    """Run all our monitors: each error comes with a score and a rating in which nothing drifts.

    A sample is a score and its judgement: two messages.
    """
    watch = DriftWatch()
    alarms = []
    seconds = 0.0
    for sample, (score, judged) in enumerate(messages(stream, generator)):
        start = process_time()
        found = watch.scored(score) + watch.judged(judged)
        seconds += process_time() - start
        alarms += [Alarm(sample=sample, segment=alert.segment) for alert in found]
    return Watched(alarms=alarms, seconds=seconds, samples=len(stream.values))
