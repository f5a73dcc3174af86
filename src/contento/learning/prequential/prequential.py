"""Every joined label judges the score that was served: overall and by slice, windowed and decayed."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from contento.contracts.checkpoint import StateFormatError
from contento.learning.join.base import FEEDBACK_OUTCOMES, FeedbackOutcome
from contento.learning.judged import Judged
from contento.learning.prequential.measures import WIDTH, Quality, quality_of, row_of
from contento.model.compiled import compiled
from contento.model.correction.correction import Corrected

SliceKind = Literal["all", "segment", "bundle", "arm"]
SLICE_KINDS: Final[tuple[SliceKind, ...]] = get_args(SliceKind)
Horizon = Literal["total", "window", "decayed"]
"""total: all labels. window: the last `WINDOW`, give or take a tenth. decayed: all, halved every `HALF_LIFE` labels."""
WINDOW: Final = 1_000
HALF_LIFE: Final = 1_000
_BLOCKS: Final = 10
_BLOCK: Final = WINDOW // _BLOCKS
_DECAY: Final = 0.5 ** (1 / HALF_LIFE)
MOST_SLICES: Final = 64
"""Of a kind: beyond it, the slice that has waited longest for a label is forgotten."""
_FORMAT: Final = 2


class Slice(NamedTuple):
    """A part of the labels, e.g. those of a segment; `value` is empty for all of them."""

    kind: SliceKind
    value: str = ""


EVERYTHING: Final = Slice("all")


@compiled
def _add(sums: NDArray[np.float64], row: NDArray[np.float64], block: int, fresh: bool) -> None:
    """Add a row to all sums: the total, what decays, and a block, which may begin anew."""
    for place in range(len(row)):
        sums[0, place] += row[place]
        sums[1, place] = sums[1, place] * _DECAY + row[place]
        sums[block, place] = row[place] if fresh else sums[block, place] + row[place]


class _Sums:
    """The sums of a slice: `[2 + _BLOCKS, WIDTH]`: total, decayed, then the blocks of the window in a ring."""

    def __init__(self) -> None:
        self.sums = np.zeros((2 + _BLOCKS, WIDTH))
        self.count = 0
        self.last = 0

    def add(self, row: NDArray[np.float64], number: int) -> None:
        _add(self.sums, row, 2 + self.count // _BLOCK % _BLOCKS, self.count % _BLOCK == 0)
        self.count += 1
        self.last = number

    def of(self, horizon: Horizon) -> NDArray[np.float64]:
        if horizon == "window":
            return np.array(self.sums[2:].sum(axis=0))
        return np.array(self.sums[0 if horizon == "total" else 1])


class Prequential:
    """Metrics of what was served. `Checkpointed`; an entry a slice, and one of the counts."""

    def __init__(self) -> None:
        """Start without labels."""
        self._slices: dict[Slice, _Sums] = {}
        self._outcomes: dict[FeedbackOutcome, int] = dict.fromkeys(FEEDBACK_OUTCOMES, 0)
        self._number = 0
        self._changed: set[Slice] = set()
        self._gone: set[Slice] = set()

    def judged(self, judged: Judged, now: Corrected | None = None) -> None:
        """Take a joined label in, and what would be served now where it is a rating."""
        row = row_of(judged, now)
        self._number += 1
        for part in _slices_of(judged):
            sums = self._slices.get(part)
            if sums is None:
                self._make_room(part.kind)
                sums = self._slices[part] = _Sums()
                self._gone.discard(part)
            sums.add(row, self._number)
            self._changed.add(part)

    def counted(self, outcome: FeedbackOutcome) -> None:
        """Count what became of a feedback."""
        self._outcomes[outcome] += 1

    @property
    def outcomes(self) -> Mapping[FeedbackOutcome, int]:
        """How many feedbacks came to what."""
        return dict(self._outcomes)

    @property
    def join_rate(self) -> float | None:
        """Share of the feedbacks that were settled and no repeats, which found their score; `None` before the first."""
        joined = self._outcomes["joined"] + self._outcomes["joined_late"]
        settled = joined + self._outcomes["orphan"]
        return joined / settled if settled else None

    def slices(self) -> Iterator[Slice]:
        """Yield the slices that have labels."""
        yield from self._slices

    def quality(self, part: Slice = EVERYTHING, horizon: Horizon = "window") -> Quality:
        """Return how good the scores of a slice were; of one without labels, nothing is known."""
        sums = self._slices.get(part)
        return quality_of(sums.of(horizon) if sums else np.zeros(WIDTH))

    def changed(self) -> dict[str, bytes | None]:
        """See `Checkpointed.changed`."""
        entries: dict[str, bytes | None] = {_name(part): None for part in self._gone}
        for part in self._changed:
            sums = self._slices[part]
            head = json.dumps({"format": _FORMAT, "count": sums.count, "last": sums.last})
            entries[_name(part)] = head.encode() + b"\n" + sums.sums.astype("<f8").tobytes()
        counts = {"format": _FORMAT, "number": self._number, "outcomes": self._outcomes}
        entries["counts"] = json.dumps(counts).encode()
        self._changed.clear()
        self._gone.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """See `Checkpointed.restore`."""
        for name, value in entries.items():
            head, _, body = value.partition(b"\n")
            found = json.loads(head)
            if found["format"] != _FORMAT:
                raise StateFormatError(
                    f"metrics {name} are kept in format {found['format']}, and this version reads {_FORMAT}: "
                    "run the version that wrote them, or give the learner a new directory"
                )
            if name == "counts":
                self._number = found["number"]
                self._outcomes |= found["outcomes"]
                continue
            kind, _, value_of = name.partition(":")
            sums = self._slices[Slice(cast("SliceKind", kind), value_of)] = _Sums()
            sums.count, sums.last = found["count"], found["last"]
            sums.sums = np.frombuffer(body, "<f8").reshape(2 + _BLOCKS, WIDTH).copy()

    def _make_room(self, kind: SliceKind) -> None:
        there = [part for part in self._slices if part.kind == kind]
        if len(there) >= MOST_SLICES:
            oldest = min(there, key=lambda part: self._slices[part].last)
            del self._slices[oldest]
            self._changed.discard(oldest)
            self._gone.add(oldest)


def _slices_of(judged: Judged) -> Iterator[Slice]:
    score = judged.score
    yield EVERYTHING
    if score.segment:
        yield Slice("segment", score.segment)
    yield Slice("bundle", score.bundle)
    yield Slice("arm", score.arm)


def _name(part: Slice) -> str:
    return f"{part.kind}:{part.value}"
