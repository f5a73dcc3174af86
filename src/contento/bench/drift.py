"""How soon drift detectors see drifts, and how often they see what is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from contento.bench.drift_detectors import (
    ALL_OURS,
    DETECTORS,
    SLOW,
    Alarm,
    Detector,
    Watched,
    watch_all,
    watch_segments,
    watch_values,
)
from contento.bench.drift_streams import STREAMS, Drift, Stream

FIRST_SEED: Final = 1_000
"""Of the figures. Parameters were chosen on others, all below."""
ALL_OURS_STREAMS: Final = frozenset({"step", "local", "none"})
"""Streams on which all our monitors run together, as in the learner: those of errors of 0 and 1."""
SEGMENTED: Final = "ADWIN-segments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a detector made of one stream.

    Attributes:
        delays: Samples from the beginning of each drift that was found to its first alarm.
        drifts: How many there were.
        false: Alarms that belong to no drift, or to one already found.
        placed: Drifts found whose alarm names their segment.
    """

    delays: list[int]
    drifts: int
    false: int
    placed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFigures:
    """A detector on the streams of one kind.

    Attributes:
        stream: Of `STREAMS`.
        detector: Which.
        seeds: Streams drawn.
        delay: Median over the drifts of all streams, a missed one counting as endless; `None`: half were missed, or
            there are none.
        missed: Share of the drifts that were missed; `None`: there are none.
        false_alarms: Of all streams.
        false_alarms_per_100k: The same, by samples.
        f1: Of alarms and drifts, over all streams; `None`: there are no drifts.
        placed: Share of the drifts found whose segment was named.
        us_per_sample: Microseconds of CPU a sample.
    """

    stream: str
    detector: str
    seeds: int
    delay: float | None
    missed: float | None
    false_alarms: int
    false_alarms_per_100k: float
    f1: float | None
    placed: float | None
    us_per_sample: float


def judge(alarms: Sequence[Alarm], stream: Stream) -> Judgement:
    """Return which alarms found which drifts.

    The first alarm from a drift's beginning to the next one's finds it, unless it names another segment. More alarms
    while the drift still goes on are neither right nor wrong; all others are false.
    """
    delays: list[int] = []
    false = placed = 0
    found: set[Drift] = set()
    for alarm in alarms:
        drift = next((each for each in reversed(stream.drifts) if each.begin <= alarm.sample), None)
        if drift is None or alarm.segment not in {"", drift.segment}:
            false += 1
        elif drift not in found:
            found.add(drift)
            delays.append(alarm.sample - drift.begin)
            placed += bool(alarm.segment)
        elif alarm.sample >= drift.end:
            false += 1
    return Judgement(delays=delays, drifts=len(stream.drifts), false=false, placed=placed)


def bench_drift(
    streams: Sequence[str],
    *,
    seeds: int,
    first_seed: int = FIRST_SEED,
    detectors: Sequence[str] = (),
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[DriftFigures]:
    """Run every detector over streams of each kind.

    Args:
        streams: Of `STREAMS`.
        seeds: Streams of each kind; slow detectors are given fewer, see `SLOW`.
        first_seed: Streams of seed `first_seed` and the next are drawn.
        detectors: Names of those that run; none: all.
        report: Told how many of how many streams are done.
    """
    plan = [
        (stream, name, watch, max(2, seeds // SLOW.get(name, 1)))
        for stream in streams
        for name, watch in _runners(stream).items()
        if not detectors or name in detectors
    ]
    total = sum(count for *_, count in plan)
    done = 0
    figures = []
    for stream, name, watch, count in plan:
        judged: list[Judgement] = []
        runs: list[Watched] = []
        for seed in range(first_seed, first_seed + count):
            generator = np.random.default_rng(seed)
            drawn = STREAMS[stream].draw(generator)
            runs.append(watch(drawn, generator))
            judged.append(judge(runs[-1].alarms, drawn))
            done += 1
            report(done, total)
        figures.append(_figures(stream, name, judged, runs))
    return figures


def detector_names() -> list[str]:
    """Return the names of all detectors."""
    return [ALL_OURS, *DETECTORS, SEGMENTED]


def _runners(stream: str) -> Mapping[str, Callable[[Stream, np.random.Generator], Watched]]:
    runners: dict[str, Callable[[Stream, np.random.Generator], Watched]] = {}
    if stream in ALL_OURS_STREAMS:
        runners[ALL_OURS] = watch_all
    for name, make in DETECTORS.items():
        runners[name] = partial(_watch_alone, make)
    if stream == "local":
        runners[SEGMENTED] = lambda drawn, _: watch_segments(DETECTORS["ADWIN"], drawn)
    return runners


def _watch_alone(make: Callable[[], Detector], drawn: Stream, _: np.random.Generator) -> Watched:
    return watch_values(make, drawn)


def _figures(stream: str, detector: str, judged: Sequence[Judgement], runs: Sequence[Watched]) -> DriftFigures:
    drifts = sum(each.drifts for each in judged)
    delays = [float(delay) for each in judged for delay in each.delays]
    false = sum(each.false for each in judged)
    samples = sum(each.samples for each in runs)
    median = float(np.median([*delays, *[np.inf] * (drifts - len(delays))])) if drifts else np.inf
    return DriftFigures(
        stream=stream,
        detector=detector,
        seeds=len(judged),
        delay=median if np.isfinite(median) else None,
        missed=1 - len(delays) / drifts if drifts else None,
        false_alarms=false,
        false_alarms_per_100k=false / samples * 1e5,
        f1=2 * len(delays) / (len(delays) + false + drifts) if drifts else None,
        placed=sum(each.placed for each in judged) / len(delays) if delays else None,
        us_per_sample=sum(each.seconds for each in runs) / samples * 1e6,
    )
