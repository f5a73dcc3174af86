"""Which new cluster is which old segment: segments keep their ids as long as they keep their users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

ChangeKind = Literal["born", "split", "merged", "gone"]

_SAME: Final = 0.25
"""Share of the users of both together, from which a cluster may be taken for a segment (Jaccard index)."""
_FROM: Final = 0.5
"""Share of a new cluster's users that come from one segment, from which it split off it; likewise for merging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChange:
    """What happened to segments.

    Attributes:
        kind: `born`: new users or users of many segments form one; `split`: one became several;
            `merged`: one went up in another; `gone`: its users went to many.
        before: Ids of the segments concerned, before.
        after: Ids after; a segment that split is among them, as the part that kept its id.
        time_ms: When, in ms since 1970, by the events.
        share: Of the users looked at, those who changed their segment by it, in [0, 1].
    """

    kind: ChangeKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    time_ms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Names of clusters.

    Attributes:
        names: `[k]`, the id of each cluster.
        successors: Of each segment that is no more: where its users are now. Empty: its largest part is unclear.
        changes: What happened.
        next_number: Number of the next segment that is born.
    """

    names: tuple[str, ...]
    successors: Mapping[str, str]
    changes: tuple[SegmentChange, ...]
    next_number: int


def identify(
    old: Sequence[str], labels: Sequence[int], count: int, *, known: Sequence[str], next_number: int, time_ms: int
) -> Identities:
    """Name clusters so that as many users as possible keep their segment (Hungarian method, Kuhn 1955).

    Args:
        old: `[N]`, segment of each user of the sample; empty: none.
        labels: `[N]`, new cluster of each.
        count: `k`, number of clusters.
        known: Ids of the segments there were.
        next_number: Number of the next segment that is born.
        time_ms: When, in ms since 1970.
    """
    known = sorted(known, key=number_of)
    place = {name: row for row, name in enumerate(known)}
    overlap, arrivals = np.zeros((len(known), count)), np.zeros(count)
    for name, label in zip(old, labels, strict=True):
        if name in place:
            overlap[place[name], label] += 1
        else:
            arrivals[label] += 1
    was, now = overlap.sum(1), overlap.sum(0) + arrivals
    alike = overlap / np.maximum(was[:, None] + now[None] - overlap, 1)
    names = [""] * count
    # Overlap decides the pairs; how alike they are decides whether a pair is the same segment at all.
    for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
        if alike[row, column] >= _SAME:
            names[column] = known[row]
    changes: list[SegmentChange] = []
    total = max(len(old), 1)
    kept = dict(zip(names, range(count), strict=True))
    for column in range(count):
        if names[column]:
            continue
        names[column] = f"s{next_number}"
        next_number += 1
        members = now[column]
        row = int(np.argmax(overlap[:, column])) if known else 0
        split = bool(known) and overlap[row, column] > _FROM * members and known[row] in kept
        moved = overlap[row, column] if split else members
        changes.append(
            SegmentChange(
                kind="split" if split else "born",
                before=(known[row],) if split else (),
                after=(known[row], names[column]) if split else (names[column],),
                time_ms=time_ms,
                share=float(moved / total),
            )
        )
    successors = {}
    for row, name in enumerate(known):
        if name in kept:
            continue
        column = int(np.argmax(overlap[row]))
        merged = overlap[row, column] > _FROM * was[row]
        successors[name] = names[column] if merged else ""
        changes.append(
            SegmentChange(
                kind="merged" if merged else "gone",
                before=(name, names[column]) if merged and names[column] in place else (name,),
                after=(names[column],) if merged else (),
                time_ms=time_ms,
                share=float(was[row] / total),
            )
        )
    return Identities(names=tuple(names), successors=successors, changes=tuple(changes), next_number=next_number)


def number_of(segment: str) -> int:
    """Return the number in a segment's id: ids sort by age."""
    return int(segment.removeprefix("s"))


def is_found(segment: str) -> bool:
    """Return whether an id is one that the segmenter gives, not one that an application declared."""
    return segment.startswith("s") and segment[1:].isdecimal()
