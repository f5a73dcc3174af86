"""A joined feedback: the score that was served, and what came of it."""

from dataclasses import dataclass

from contento.contracts.messages import Feedback, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A score and the feedback that judges it. At least one of the three labels is there.

    Attributes:
        score: As it was served, features included.
        feedback: What the user said or did.
        rating: 1 to 5; `None`: the feedback says nothing of it.
        satisfaction: 0 negative, 1 neutral, 2 positive; `None` likewise.
        outcome: Name of an outcome, and whether it happened; `None` likewise.
        delay_ms: From the event to the feedback, by the users' clocks; never below 0.
    """

    score: Score
    feedback: Feedback
    rating: float | None
    satisfaction: int | None
    outcome: tuple[str, bool] | None
    delay_ms: int
