"""How well segments agree with the user groups planted in a simulated world, and whether users keep theirs."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Score
from contento.segments.options import SegmenterOptions
from contento.segments.segmenter import Assignment, Segmenter

if TYPE_CHECKING:
    from numpy.typing import NDArray

Report = Callable[[str, int, int], None]
LEAST_EVENTS: Final = (30, 80, 150)
"""Events from which a user is counted, one figure each."""
_NOISE: Final = 0.1
"""Standard deviation of the noise on a rotated representation, whose entries lie in [-1, 1]."""
_FOLDS: Final = 5
_CHANGE_AT: Final = 0.75
"""Share of the log after which another bundle scores: by then the segments have settled."""


class SegmentsBenchError(ContentoError):
    """There is nothing to measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Segments beside the planted groups.

    Attributes:
        least_events: Events from which a user was counted.
        users: Users counted.
        ari: Adjusted Rand index of their segments and groups; 1: the same, 0: chance.
        representation_ari: That of k-means, told the number of groups, on the mean of the model's representations.
        representation_probe: Accuracy of a logistic regression from that mean to the group, cross-validated; 1 of
            the number of groups is chance.
    """

    least_events: int
    users: int
    ari: float
    representation_ari: float
    representation_probe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleChange:
    """What another bundle, for the last quarter of the log, does to users with events enough to take part in a fit.

    Attributes:
        kind: `none` (the control), `rotated` (the representation in another basis, with noise) or `other` (another
            bundle's own scores).
        users: Users that had a segment, and the events, at the change.
        kept: Share of them who had the same segment once the new bundle's space was found.
        kept_end: Share who had it at the end: users change by themselves too, see the control.
        as_without: Share who are at the end where they would be without the change.
        segments: Segments at the end.
    """

    kind: str
    users: int
    kept: float
    kept_end: float
    as_without: float
    segments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsFigures:
    """What was measured.

    Attributes:
        scores: Scores.
        users: Users.
        groups: Planted groups; 0: the data has none.
        segments: Segments found; nobody told their number.
        agreement: With the planted groups, by events of a user.
        same_after_restart: Whether one restored in the middle gave the same answers and ended at the same bytes.
        bundle_changes: By kind.
        microseconds: Mean per score, fits included.
        median_microseconds: Of a score without a fit.
        longest_ms: Longest call: one that found the segments anew.
        state_bytes: Of the whole state at the end.
        changes: Splits, merges, births and ends.
        descriptions: Of each segment at the end.
    """

    scores: int
    users: int
    groups: int
    segments: int
    agreement: list[Agreement]
    same_after_restart: bool
    bundle_changes: list[BundleChange]
    microseconds: float
    median_microseconds: float
    longest_ms: float
    state_bytes: int
    changes: list[str]
    descriptions: dict[str, str]


def bench_segments(
    scores: Sequence[Score],
    groups: Mapping[str, str],
    *,
    other: Sequence[Score] | None = None,
    options: SegmenterOptions | None = None,
    item_group_of: Callable[[str], str] = lambda _item_id: "",
    report: Report = lambda _name, _done, _total: None,
) -> SegmentsFigures:
    """Segment the users of a log of scores, several times over.

    Args:
        scores: Of a log, in order, by one bundle.
        groups: Planted group of each user; empty: unknown.
        other: The same events scored by another bundle; `None`: not measured.
        options: Of the segmenter.
        item_group_of: Group of an item.
        report: Told what is done, and how much of how much.

    Raises:
        SegmentsBenchError: No user was put into a segment.
    """
    options = options or SegmenterOptions()
    at = round(_CHANGE_AT * len(scores))

    def fresh() -> Segmenter:
        return Segmenter(options, item_group_of=item_group_of)

    plain, seconds = fresh(), np.zeros(len(scores))
    answers: list[Assignment | None] = []
    for place, score in enumerate(scores):
        start = perf_counter()
        answers.append(plain.scored(score))
        seconds[place] = perf_counter() - start
        _tell(report, "segmenting", place, len(scores))
    if not plain.ids:
        raise SegmentsBenchError(
            f"{len(scores)} scores of {len({score.user_id for score in scores})} users are too few for segments: give "
            f"a longer log; {options.fit_users} users need {options.fit_events} events each"
        )
    same = _restarted(scores, answers, plain, fresh, report)
    second = {"rotated": rotated(scores[at:], seed=0)} | ({"other": other[at:]} if other is not None else {})
    found = [_changed(kind, scores, later, plain=plain, fresh=fresh, report=report) for kind, later in second.items()]
    control = _changed("none", scores, scores[at:], until=found[0][1], plain=plain, fresh=fresh, report=report)
    changes = [control[0], *(change for change, _ in found)]
    return SegmentsFigures(
        scores=len(scores),
        users=len({score.user_id for score in scores}),
        groups=len(set(groups.values())),
        segments=len(plain.ids),
        agreement=_agreements(scores, groups, plain),
        same_after_restart=same,
        bundle_changes=changes,
        microseconds=float(seconds.mean() * 1e6),
        median_microseconds=float(np.median(seconds) * 1e6),
        longest_ms=float(seconds.max() * 1e3),
        state_bytes=sum(len(value) for value in plain.changed().values() if value),
        changes=[f"{each.kind} {','.join(each.before)}>{','.join(each.after)}" for each in plain.changes],
        descriptions={name: plain.describe(name) for name in plain.ids},
    )


def rotated(scores: Sequence[Score], *, seed: int) -> list[Score]:
    """Return the scores of a pretended bundle that says the same in another basis, with some noise."""
    rng = np.random.default_rng(seed)
    size = len(scores[0].user_representation)
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    found = []
    for score in scores:
        turned = Score()
        turned.CopyFrom(score)
        values = turn @ np.array(score.user_representation) + rng.normal(0, _NOISE, size)
        del turned.user_representation[:]
        turned.user_representation.extend(values.tolist())
        turned.bundle = hashlib.sha256(score.bundle.encode()).hexdigest()
        found.append(turned)
    return found


def _restarted(
    scores: Sequence[Score],
    answers: Sequence[Assignment | None],
    plain: Segmenter,
    fresh: Callable[[], Segmenter],
    report: Report,
) -> bool:
    """Return whether one that is stopped, kept and restored in the middle goes on as if nothing had been."""
    middle = len(scores) // 2 + 1  # not where segments are found anyway
    kept: dict[str, bytes] = {}
    segmenter, found = fresh(), []
    for place, score in enumerate(scores):
        if place == middle:
            _keep(kept, segmenter)
            segmenter = fresh()
            segmenter.restore(kept)
        found.append(segmenter.scored(score))
        if place % 1_000 == 0:
            _keep(kept, segmenter)
        _tell(report, "restart", place, len(scores))
    _keep(kept, segmenter)
    again = fresh()
    again.restore(kept)
    ends = [[each.segment_of(user) for user in {score.user_id for score in scores}] for each in (plain, again)]
    return found == list(answers) and ends[0] == ends[1] and plain.segments() == again.segments()


def _keep(kept: dict[str, bytes], segmenter: Segmenter) -> None:
    for name, value in segmenter.changed().items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value


def _changed(
    kind: str,
    scores: Sequence[Score],
    later: Sequence[Score],
    *,
    until: int = 0,
    plain: Segmenter,
    fresh: Callable[[], Segmenter],
    report: Report,
) -> tuple[BundleChange, int]:
    """Return what a change does, and the number of the score after which the new bundle's space was found.

    `until` gives that number where there is no other bundle to find a space for.
    """
    at = len(scores) - len(later)
    segmenter = fresh()
    for place, score in enumerate(scores[:at]):
        segmenter.scored(score)
        _tell(report, f"{kind} bundle", place, len(scores))
    events = Counter(score.user_id for score in scores[:at])
    users = [user for user, count in sorted(events.items()) if count >= segmenter.options.fit_events]
    before = {user: name for user in users if (name := segmenter.segment_of(user))}
    found, after = 0, dict[str, str]()
    for place, score in enumerate(later, start=at):
        segmenter.scored(score)
        if not found and (place == until if until else segmenter.bundle == score.bundle):
            found, after = place, {user: segmenter.segment_of(user) for user in before}
        _tell(report, f"{kind} bundle", place, len(scores))
    end = {user: segmenter.segment_of(user) for user in before}
    change = BundleChange(
        kind=kind,
        users=len(before),
        kept=_share(before, after) if found else float("nan"),
        kept_end=_share(before, end),
        as_without=_share({user: plain.segment_of(user) for user in before}, end),
        segments=len(segmenter.ids),
    )
    return change, found


def _share(before: Mapping[str, str], after: Mapping[str, str]) -> float:
    return float(np.mean([after[user] == name for user, name in before.items()])) if before else float("nan")


def _agreements(scores: Sequence[Score], groups: Mapping[str, str], segmenter: Segmenter) -> list[Agreement]:
    events = Counter(score.user_id for score in scores)
    sums: dict[str, NDArray[np.float64]] = {}
    for score in scores if groups else ():
        values = np.array(score.user_representation, np.float64)
        sums[score.user_id] = sums.get(score.user_id, np.zeros(len(values))) + values
    found = []
    for least in LEAST_EVENTS:
        users = [
            user for user in sorted(sums) if events[user] >= least and user in groups and segmenter.segment_of(user)
        ]
        truth = [groups[user] for user in users]
        if min(Counter(truth).values(), default=0) < _FOLDS or len(set(truth)) < 2:
            continue
        means = np.array([sums[user] / events[user] for user in users])
        kmeans = KMeans(len(set(truth)), n_init=10, random_state=0).fit_predict(means)
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2_000))
        found.append(
            Agreement(
                least_events=least,
                users=len(users),
                ari=float(adjusted_rand_score(truth, [segmenter.segment_of(user) for user in users])),
                representation_ari=float(adjusted_rand_score(truth, kmeans)),
                representation_probe=float(cross_val_score(probe, means, truth, cv=_FOLDS).mean()),
            )
        )
    return found


def _tell(report: Report, name: str, place: int, total: int) -> None:
    if place % 500 == 499 or place == total - 1:
        report(name, place + 1, total)
