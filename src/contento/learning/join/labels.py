"""What a feedback says, as labels of the model."""

from typing import Final, NamedTuple

from contento.contracts.messages import Feedback

_LOW, _HIGH = 0.375, 0.625
"""On a scale of five these part 1 and 2 from 3 from 4 and 5; on 0 to 10, up to 3 from 4 to 6 from 7 on."""
_CLASSES: Final = {1: 0, 2: 1, 3: 2}
"""From `contento.v1.Satisfaction` to the model's class."""


class Labels(NamedTuple):
    """What a feedback says of a score; exactly one is there.

    Attributes:
        rating: 1 to 5.
        satisfaction: 0 negative, 1 neutral, 2 positive.
        outcome: Name, and whether it happened.
    """

    rating: float | None = None
    satisfaction: int | None = None
    outcome: tuple[str, bool] | None = None


def labels_of(feedback: Feedback) -> Labels:
    """Return the labels of a valid feedback; a survey's answer counts as satisfaction, by thirds of its scale."""
    match feedback.WhichOneof("kind"):
        case "rating":
            return Labels(rating=feedback.rating)
        case "satisfaction":
            return Labels(satisfaction=_CLASSES[feedback.satisfaction])
        case "outcome":
            return Labels(outcome=(feedback.outcome.name, feedback.outcome.happened))
    survey = feedback.survey
    share = (survey.answer - survey.scale_min) / (survey.scale_max - survey.scale_min)
    return Labels(satisfaction=0 if share <= _LOW else 1 if share < _HIGH else 2)


def subject_of(feedback: Feedback) -> str:
    """Return what a feedback speaks of: of one score, two that speak of the same repeat or contradict each other."""
    kind = feedback.WhichOneof("kind")
    if kind == "outcome":
        return f"outcome:{feedback.outcome.name}"
    if kind == "survey":
        return f"survey:{feedback.survey.question}"
    return str(kind)
