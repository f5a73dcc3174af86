"""One record after the other: join, judge, watch, step; and what is to go out."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

from contento.contracts.checkpoint import Checkpointed
from contento.contracts.messages import DriftAlert, Feedback, Item, Score
from contento.contracts.record import InputRecord, dead_letter, packed, read_message
from contento.contracts.redis_keys import NO_SEGMENT
from contento.contracts.rejection import RejectedRecord
from contento.contracts.topics import TopicName
from contento.learning.factors import OnlineFactors
from contento.learning.join.base import FeedbackOutcome, ScoreOutcome
from contento.learning.join.join import DAY_MS, Join, Joined, JoinOptions
from contento.learning.judged import Judged
from contento.learning.prequential.prequential import Prequential
from contento.learning.store import LearnerStore
from contento.model.correction.corrections import Corrections
from contento.model.correction.tags import Tags, tags_of
from contento.segments.identity import is_found
from contento.segments.segmenter import Segmenter

CONSUMED: Final[tuple[TopicName, ...]] = ("items", "scores", "feedback")
"""What the learner reads; of records of the same time, those of the first come first."""
_SWEEP_EVERY: Final = 1_000
"""Records between two sweeps. Counted, not timed, so that one log gives one result."""
_ITEMS_CACHED: Final = 100_000
_SEGMENTS_EVERY: Final = 10 * _SWEEP_EVERY
"""Records between two descriptions of all segments, which take some 10 ms each."""


class Watch(Checkpointed, Protocol):
    """Looks for change in scores and in the labels that judge them."""

    def scored(self, score: Score) -> list[DriftAlert]:
        """Take a score in, and return what it gives away; needs no label."""
        ...

    def judged(self, judged: Judged) -> list[DriftAlert]:
        """Take a joined label in, and return what it gives away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerOptions:
    """What an operator may choose.

    Attributes:
        join: How long feedback and scores wait for each other.
        factors_stale_ms: Factors that no rating has shaped for so long are evicted.
        centre: Rating that factors are measured from: that of the serving bundle.
        webhook: Whether alerts are to go to a webhook too.
    """

    join: JoinOptions = field(default_factory=JoinOptions)
    factors_stale_ms: int = 180 * DAY_MS
    centre: float = 3.5
    webhook: bool = False


@dataclass(slots=True)
class Handled:
    """What became of some records, for the metrics."""

    scores: Counter[ScoreOutcome] = field(default_factory=Counter)
    feedback: Counter[FeedbackOutcome] = field(default_factory=Counter)
    rejected: list[tuple[InputRecord, RejectedRecord]] = field(default_factory=list)
    alerts: list[DriftAlert] = field(default_factory=list)
    scores_lost_to_size: int = 0


class Learner:
    """All of the learner but its connections. Everything it knows is in its store, or was read from there."""

    def __init__(
        self,
        store: LearnerStore,
        watches: Callable[[Callable[[str], str]], Mapping[str, Watch]] = lambda _: {},
        options: LearnerOptions | None = None,
    ) -> None:
        """Take up what the store holds.

        Args:
            store: Its memory.
            watches: Returns the watches by name, given what tells the group of an item.
            options: What an operator chose.
        """
        self._store, self._options = store, options or LearnerOptions()
        self._join = Join(store, self._options.join)
        self._corrections = Corrections()
        self._item_tags = lru_cache(maxsize=_ITEMS_CACHED)(self._read_item_tags)
        self._factors = OnlineFactors(store.factors, self._corrections, self._item_tags, centre=self._options.centre)
        self.prequential = Prequential()
        self._item_group = lru_cache(maxsize=_ITEMS_CACHED)(self._read_item_group)
        self._watches = dict(watches(self._item_group))
        self._segmenter = Segmenter(item_group_of=self._item_group)
        self._described = store.part("described")
        self._parts: dict[str, Checkpointed] = {
            "prequential": self.prequential,
            "correction": self._corrections,
            "segments": self._segmenter,
            **self._watches,
        }
        for name, part in self._parts.items():
            part.restore(store.part(name))
        kept = store.part("learner").get("progress")
        progress = json.loads(kept) if kept else {"records": 0, "now_ms": 0}
        self._records, self._now_ms = int(progress["records"]), int(progress["now_ms"])

    def take(self, records: Sequence[tuple[TopicName, InputRecord]], sent: Iterable[int] = ()) -> Handled:
        """Handle records in order; all that comes of them is in the store when this returns.

        One that cannot be used is a dead letter. Any other exception leaves the store as it was, and this learner not:
        make another of the same store.

        Args:
            records: The records, each with its topic's name in the registry.
            sent: Numbers of the outbox's effects that are out by now.

        Raises:
            StateFormatError: The store holds state of another version.
        """
        handled = Handled()
        with self._store.transaction():
            self._store.sent(sent)
            offsets: dict[tuple[str, int], int] = {}
            for topic, record in records:
                self._now_ms = max(self._now_ms, record.timestamp_ms)
                self._take(topic, record, handled)
                offsets[record.topic, record.partition] = record.offset + 1
                self._records += 1
                if self._records % _SWEEP_EVERY == 0:
                    self._sweep(handled)
            self._keep(offsets, handled)
        return handled

    def give_up(self, record: InputRecord, reason: RejectedRecord) -> None:
        """Make a record at which `take` fails a dead letter, and go past it."""
        with self._store.transaction():
            self._bury(record, reason)
            self._store.set_offsets({(record.topic, record.partition): record.offset + 1})

    def _take(self, topic: TopicName, record: InputRecord, handled: Handled) -> None:
        try:
            match topic:
                case "scores":
                    self._score(read_message(record, Score, now_ms=record.timestamp_ms), handled)
                case "feedback":
                    feedback = read_message(record, Feedback, now_ms=record.timestamp_ms)
                    self._settle(self._join.feedback(feedback, self._now_ms), handled)
                case "items":
                    self._item(record)
        except RejectedRecord as reason:
            handled.rejected.append((record, reason))
            self._bury(record, reason)

    def _bury(self, record: InputRecord, reason: RejectedRecord) -> None:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        self._store.post("dead_letter", {place: packed(dead_letter(record, reason))})

    def _score(self, score: Score, handled: Handled) -> None:
        outcome, joined = self._join.score(score, self._now_ms)
        handled.scores[outcome] += 1
        if outcome == "kept":
            self._assign(score)
            for watch in self._watches.values():
                handled.alerts.extend(watch.scored(score))
        self._settle(joined, handled)

    def _assign(self, score: Score) -> None:
        """Let the user's segment be known, if it is not the one of the score; one that was declared stays."""
        found = self._segmenter.scored(score)
        declared = score.segment not in {"", NO_SEGMENT} and not is_found(score.segment)
        if found is not None and found.segment != score.segment and not declared:
            self._store.post("segment", {score.user_id: found.segment.encode()})

    def _settle(self, joined: Joined, handled: Handled) -> None:
        for outcome in joined.outcomes:
            handled.feedback[outcome] += 1
            self.prequential.counted(outcome)
        for judged in joined.judged:
            self.prequential.judged(judged, self._factors.learn(judged, self._now_ms))
            for watch in self._watches.values():
                handled.alerts.extend(watch.judged(judged))

    def _item(self, record: InputRecord) -> None:
        item = read_message(record, Item, now_ms=record.timestamp_ms) if record.value else None
        identity = item.item_id if item else (record.key or b"").decode(errors="replace")
        group = (item.categories[0] if item.categories else item.brand) if item else ""
        tags = tags_of(item)
        self._store.set_part("item_groups", {identity: group.encode() if group else None})
        self._store.set_part("item_tags", {identity: tags.packed() if tags else None})
        self._item_group.cache_clear()
        self._item_tags.cache_clear()

    def _read_item_group(self, item_id: str) -> str:
        return (self._store.entry("item_groups", item_id) or b"").decode()

    def _read_item_tags(self, item_id: str) -> Tags:
        kept = self._store.entry("item_tags", item_id)
        return Tags.of(kept) if kept else Tags()

    def _sweep(self, handled: Handled) -> None:
        joined, lost = self._join.sweep(self._now_ms)
        handled.scores_lost_to_size += lost
        self._settle(joined, handled)
        if self._records % _SEGMENTS_EVERY == 0:
            self._write_segments()
        stale = self._now_ms - self._options.factors_stale_ms
        if self._store.has_stale_factors(stale):
            self._write_factors()  # those that a rating has just shaped are not stale
            for side, identity in self._store.take_stale_factors(stale):
                self._factors.forget(side, identity)
                self._store.post("factors", {f"{side}:{identity}": None})

    def _write_factors(self) -> None:
        changed = self._factors.changed()
        self._store.set_factors(changed)
        self._store.post(
            "factors", {f"{side}:{identity}": kept.factors for (side, identity), (kept, _) in changed.items()}
        )
        if changed:
            self._store.post("correction", {"": self._corrections.message().SerializeToString(deterministic=True)})

    def _write_segments(self) -> None:
        found = {each.segment_id: each.SerializeToString(deterministic=True) for each in self._segmenter.segments()}
        gone: dict[str, bytes | None] = dict.fromkeys(sorted(self._described.keys() - found.keys()))
        changed = gone | {name: value for name, value in found.items() if self._described.get(name) != value}
        self._store.post("segment_meta", changed)
        self._store.set_part("described", changed)
        self._described = found

    def _keep(self, offsets: Mapping[tuple[str, int], int], handled: Handled) -> None:
        self._write_factors()
        alerts = {alert.alert_id: alert.SerializeToString(deterministic=True) for alert in handled.alerts}
        self._store.post("alert", alerts)
        if self._options.webhook:
            self._store.post("webhook", alerts)
        for name, part in self._parts.items():
            self._store.set_part(name, part.changed())
        progress = json.dumps({"records": self._records, "now_ms": self._now_ms})
        self._store.set_part("learner", {"progress": progress.encode()})
        self._store.set_offsets(offsets)
