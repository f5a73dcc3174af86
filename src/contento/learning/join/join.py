"""Feedback and scores find each other."""

from dataclasses import dataclass
from typing import Final

from contento.contracts.messages import Feedback, Score
from contento.contracts.validation import time_ms
from contento.learning.join.base import FeedbackOutcome, JoinStore, ScoreOutcome
from contento.learning.join.labels import labels_of, subject_of
from contento.learning.judged import Judged

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_EARLY_MS: Final = 60_000
"""Clocks apart: a feedback may be this much older than the event of which it speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinOptions:
    """How long the join waits and remembers.

    Attributes:
        window_ms: A feedback that names an item judges the user's last event with it that is at most this old.
        patience_ms: A feedback waits this long for its score; the scorer is seconds behind, or hours when it was down.
        keep_ms: Scores are kept this long: feedback that comes later is an orphan.
        keep_bytes: And no more than this of them.
    """

    window_ms: int = 7 * DAY_MS
    patience_ms: int = DAY_MS
    keep_ms: int = 30 * DAY_MS
    keep_bytes: int = 8 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What came of a record.

    Attributes:
        judged: Joined labels, in order.
        outcomes: What became of each feedback concerned.
    """

    judged: tuple[Judged, ...] = ()
    outcomes: tuple[FeedbackOutcome, ...] = ()


class Join:
    """Joins scores and feedback, in whatever order they come. Deterministic; all its memory is its store's."""

    def __init__(self, store: JoinStore, options: JoinOptions | None = None) -> None:
        """Take what remembers, and for how long."""
        self._store = store
        self._options = options or JoinOptions()

    def score(self, score: Score, at_ms: int) -> tuple[ScoreOutcome, Joined]:
        """Keep a score, which came at a time, and join what waited for it."""
        if not self._store.add_score(score, at_ms):
            return "repeated", Joined()
        since = time_ms(score.event_time) - _EARLY_MS
        waiting = self._store.take_waiting(score.user_id, score.event_id, score.item_id, since_ms=since)
        judged: list[Judged] = []
        outcomes: list[FeedbackOutcome] = []
        for feedback in waiting:
            if not feedback.event_id and time_ms(feedback.time) - time_ms(score.event_time) > self._options.window_ms:
                outcomes.append("orphan")
                continue
            found, outcome = self._judge(score, feedback, "joined_late")
            judged.extend(found)
            outcomes.append(outcome)
        return "kept", Joined(judged=tuple(judged), outcomes=tuple(outcomes))

    def feedback(self, feedback: Feedback, at_ms: int) -> Joined:
        """Join a valid feedback, which came at a time, or let it wait."""
        if not self._store.remember_feedback(f"{feedback.user_id}\0{feedback.feedback_id}", at_ms):
            return Joined(outcomes=("duplicate",))
        score = self._find(feedback)
        if score is None:
            self._store.add_waiting(feedback, at_ms)
            return Joined(outcomes=("waiting",))
        judged, outcome = self._judge(score, feedback, "joined")
        return Joined(judged=tuple(judged), outcomes=(outcome,))

    def sweep(self, now_ms: int) -> tuple[Joined, int]:
        """Give up on what has waited too long, and forget what is too old.

        Returns:
            What came of it, and how many scores the limit of size has cost.
        """
        expired = self._store.take_expired(now_ms - self._options.patience_ms)
        forgotten = self._store.forget(now_ms - self._options.keep_ms, self._options.keep_bytes)
        return Joined(outcomes=tuple("orphan" for _ in expired)), forgotten

    def _find(self, feedback: Feedback) -> Score | None:
        if feedback.event_id:
            return self._store.score(feedback.user_id, feedback.event_id)
        given = time_ms(feedback.time)
        last = self._store.last_event(feedback.user_id, feedback.item_id, until_ms=given + _EARLY_MS)
        if last is None or given - last[1] > self._options.window_ms:
            return None
        return self._store.score(feedback.user_id, last[0])

    def _judge(
        self, score: Score, feedback: Feedback, outcome: FeedbackOutcome
    ) -> tuple[list[Judged], FeedbackOutcome]:
        labels = labels_of(feedback)
        label = repr(tuple(labels))
        before = self._store.remember_label(score.user_id, score.event_id, subject_of(feedback), label)
        if before is not None:
            return [], "repeated" if before == label else "contradictory"
        delay = max(0, time_ms(feedback.time) - time_ms(score.event_time))
        return [
            Judged(
                score=score,
                feedback=feedback,
                rating=labels.rating,
                satisfaction=labels.satisfaction,
                outcome=labels.outcome,
                delay_ms=delay,
            )
        ], outcome
