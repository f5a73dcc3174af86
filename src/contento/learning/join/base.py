"""What the join keeps, and what becomes of a feedback."""

from typing import Final, Literal, Protocol, get_args

from contento.contracts.messages import Feedback, Score

FeedbackOutcome = Literal["joined", "joined_late", "duplicate", "repeated", "contradictory", "waiting", "orphan"]
"""What becomes of a feedback.

joined: its score was there. joined_late: it came before its score, and waited. duplicate: its feedback id has come
before. repeated: another feedback has said the same of the same score. contradictory: another has said something else
of it, and the first one counts. waiting: its score is not there yet. orphan: it waited, and its score did not come.
Every feedback is counted once as one of these, and those that wait a second time when it ends.
"""
FEEDBACK_OUTCOMES: Final[tuple[FeedbackOutcome, ...]] = get_args(FeedbackOutcome)
ScoreOutcome = Literal["kept", "repeated"]
"""What becomes of a score: kept, or a repeat of one that is there."""


class JoinStore(Protocol):
    """What the join remembers. Times are those of the records, in unix milliseconds; one user of it at a time."""

    def add_score(self, score: Score, at_ms: int) -> bool:
        """Keep a score that came at a time; false, and nothing kept, when its user has one for that event."""
        ...

    def score(self, user_id: str, event_id: str) -> Score | None:
        """Return the score of an event."""
        ...

    def last_event(self, user_id: str, item_id: str, *, until_ms: int) -> tuple[str, int] | None:
        """Return id and time of a user's last event with an item up to a time, of those whose scores are kept."""
        ...

    def remember_feedback(self, feedback_id: str, at_ms: int) -> bool:
        """Remember a feedback id of a user; false when it is there already."""
        ...

    def remember_label(self, user_id: str, event_id: str, subject: str, label: str) -> str | None:
        """Remember the first label of a score about a subject, and return the one that was there before."""
        ...

    def add_waiting(self, feedback: Feedback, at_ms: int) -> None:
        """Keep a feedback whose score is not there."""
        ...

    def take_waiting(self, user_id: str, event_id: str, item_id: str, *, since_ms: int) -> list[Feedback]:
        """Return, and keep no longer, what waits for an event, or for its item and was given no earlier than a time.

        In the order in which they came.
        """
        ...

    def take_expired(self, before_ms: int) -> list[Feedback]:
        """Return, and keep no longer, the feedback that has waited since before a time, in the order it came."""
        ...

    def forget(self, before_ms: int, most_bytes: int) -> int:
        """Forget scores, labels and feedback ids from before a time, and the oldest scores beyond a size.

        Returns:
            How many scores were forgotten because of the size.
        """
        ...
