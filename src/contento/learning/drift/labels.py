"""What a judged score says: error, bias and coverage as values in [0, 1]."""

from collections.abc import Iterator
from typing import Final

from contento.learning.drift.signals import Family
from contento.learning.judged import Judged

OUTCOMES: Final = 8
"""Names of outcomes watched, at most: those judged first."""


def judged_values(judged: Judged, outcomes: list[str]) -> Iterator[tuple[Family, str, float]]:
    """Yield family, subject and value of each signal of a judged score.

    The error of a rating is its distance, over 4 stars; that of satisfaction and outcomes the Brier score, halved
    for the three classes. Bias is what came less what was predicted, moved to [0, 1]. Coverage is watched as the
    share of ratings outside their interval.

    Args:
        judged: The score and its labels.
        outcomes: Names of outcomes that are watched; a new one is added while there is room.
    """
    score = judged.score
    if judged.rating is not None:
        served, rating = score.rating, judged.rating
        gap = rating - served.mean
        yield "error", "rating", abs(gap) / 4
        yield "bias", "rating", (gap + 4) / 8
        if served.coverage:
            yield "coverage", "rating", float(not served.lower <= rating <= served.upper)
    if judged.satisfaction is not None:
        given, satisfaction = score.satisfaction, judged.satisfaction
        probabilities = (given.p_negative, given.p_neutral, given.p_positive)
        squares = sum((p - (place == satisfaction)) ** 2 for place, p in enumerate(probabilities))
        yield "error", "satisfaction", squares / 2
        yield "bias", "satisfaction", (satisfaction / 2 - given.value + 1) / 2
    if judged.outcome is not None:
        name, happened = judged.outcome
        if name not in outcomes and len(outcomes) < OUTCOMES:
            outcomes.append(name)
        if name in outcomes and name in score.outcomes:
            gap = happened - score.outcomes[name]
            yield "error", name, gap * gap
            yield "bias", name, (gap + 1) / 2
