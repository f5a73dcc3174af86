"""Streams with known drifts, for drift detectors: errors of a model, as they come."""

import csv
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.training.data_error import DataError

Floats = NDArray[np.float64]
SEGMENTS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A drift of a stream.

    Attributes:
        begin: Number of the first sample that is of it.
        end: Number of the first sample from which on nothing changes any more; `begin` of a step.
        segment: Where; empty: everywhere.
    """

    begin: int
    end: int
    segment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Errors, in order.

    Attributes:
        values: `[N]`, each in [0, 1].
        segments: `[N]`, of which segment each is; `None`: all of one.
        drifts: In order.
    """

    values: Floats
    segments: NDArray[np.int64] | None = None
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamKind:
    """A law of streams.

    Attributes:
        about: What it is, for people.
        draw: Draws one.
    """

    about: str
    draw: Callable[[np.random.Generator], Stream]


def _rates(generator: np.random.Generator, rates: Floats, *drifts: Drift) -> Stream:
    return Stream(values=(generator.random(len(rates)) < rates).astype(np.float64), drifts=drifts)


def _step(generator: np.random.Generator) -> Stream:
    rates = np.repeat((0.2, 0.4), (2_000, 2_000))
    return _rates(generator, rates, Drift(begin=2_000, end=2_000))


def _small(generator: np.random.Generator) -> Stream:
    rates = np.repeat((0.2, 0.25), (3_000, 7_000))
    return _rates(generator, rates, Drift(begin=3_000, end=3_000))


def _ramp(generator: np.random.Generator) -> Stream:
    rates = np.concatenate((np.full(2_000, 0.2), np.linspace(0.2, 0.4, 1_000), np.full(2_000, 0.4)))
    return _rates(generator, rates, Drift(begin=2_000, end=3_000))


def _recurring(generator: np.random.Generator) -> Stream:
    rates = np.repeat((0.2, 0.4, 0.2, 0.4, 0.2, 0.4), 1_500)
    return _rates(generator, rates, *(Drift(begin=at, end=at) for at in range(1_500, 9_000, 1_500)))


def _local(generator: np.random.Generator) -> Stream:
    count, begin = 30_000, 10_000
    segments = generator.integers(SEGMENTS, size=count)
    rates = np.where((segments == 0) & (np.arange(count) >= begin), 0.4, 0.2)
    stream = _rates(generator, rates, Drift(begin=begin, end=begin, segment="s0"))
    return Stream(values=stream.values, segments=segments, drifts=stream.drifts)


def _none(generator: np.random.Generator) -> Stream:
    return _rates(generator, np.full(20_000, 0.2))


def _shifts(generator: np.random.Generator) -> Stream:
    count, every = 20_000, 392
    drifts = [Drift(begin=at, end=at) for at in range(every, count, every)][:50]
    # Half a standard deviation up or down, back from .4 and .2 so that nothing is cut off at 0 or 1.
    levels = [0.3]
    for _ in drifts:
        sign = 1 if levels[-1] < 0.225 else -1 if levels[-1] > 0.375 else int(generator.choice((-1, 1)))
        levels.append(levels[-1] + 0.05 * sign)
    means = np.array(levels)[np.minimum(np.arange(count) // every, len(drifts))]
    return Stream(values=np.clip(generator.normal(means, 0.1), 0, 1), drifts=tuple(drifts))


STREAMS: Final[Mapping[str, StreamKind]] = {
    "step": StreamKind(about="error rate .2, from 2,000 on .4", draw=_step),
    "small": StreamKind(about="error rate .2, from 3,000 on .25", draw=_small),
    "ramp": StreamKind(about="error rate .2, from 2,000 to 3,000 rising to .4", draw=_ramp),
    "recurring": StreamKind(about="error rates .2 and .4 in turn, 1,500 each", draw=_recurring),
    "local": StreamKind(about="ten segments, error rate .2; from 10,000 on .4 in one of them", draw=_local),
    "none": StreamKind(about="error rate .2, 20,000 samples", draw=_none),
    "shifts": StreamKind(about="errors with 50 shifts of half a standard deviation, every 392", draw=_shifts),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elec2:
    """The electricity market of New South Wales: does the price rise above its mean of the last day?

    Attributes:
        features: `[N]`, by name.
        up: `[N]`, whether it did.
    """

    features: list[dict[str, float]]
    up: list[bool]


def read_elec2(path: Path) -> Elec2:
    """Return the stream of a CSV file, plain or gzip, with a header and a column `class` of UP and DOWN.

    Raises:
        DataError: The file cannot be read so.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    features: list[dict[str, float]] = []
    up: list[bool] = []
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                up.append({"UP": True, "DOWN": False}[row.pop("class")])
                features.append({name: float(value) for name, value in row.items() if name != "date"})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            path=str(path),
            line=len(features) + 2,
            field="any",
            expected="the CSV of Elec2: a header, numbers, and a column class of UP and DOWN",
            found=repr(error),
        ) from None
    return Elec2(features=features, up=up)
