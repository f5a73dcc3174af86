"""Scores and feedback made by hand, for tests of the learner."""

from typing import Any

from contento.contracts.messages import Feedback, Score

DAY_MS = 24 * 3600 * 1000
START_MS = 1_760_000_000_000


def score_of(event: str = "e1", user: str = "ann", item: str = "i1", at_ms: int = START_MS, **more: Any) -> Score:
    """A score of 4 stars, rather positive, given when its event happened."""
    score = Score(event_id=event, user_id=user, item_id=item, bundle="b" * 64, arm="serving", **more)
    score.event_time.FromMilliseconds(at_ms)
    score.scored_time.FromMilliseconds(at_ms)
    score.rating.mean, score.rating.lower, score.rating.upper, score.rating.coverage = 4.0, 3.0, 5.0, 0.9
    score.rating.distribution.extend((0.0, 0.1, 0.2, 0.3, 0.4))
    score.satisfaction.p_negative, score.satisfaction.p_neutral, score.satisfaction.p_positive = 0.1, 0.2, 0.7
    score.satisfaction.value = 0.8
    score.outcomes["purchase"] = 0.25
    return score


def feedback_of(name: str = "f1", user: str = "ann", event: str = "", at_ms: int = START_MS, **kind: Any) -> Feedback:
    """A feedback on an event, or on an item."""
    feedback = Feedback(feedback_id=name, user_id=user, event_id=event, **(kind or {"rating": 4.0}))
    feedback.time.FromMilliseconds(at_ms)
    return feedback
