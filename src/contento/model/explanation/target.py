"""Which number of a score is explained."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from contento.contracts.errors import ContentoError
from contento.model.interface import RATINGS, SATISFACTION
from contento.model.network import NetworkOutputs

RATING: Final = "rating"
SATISFIED: Final = "satisfaction"


class TargetError(ContentoError):
    """A bundle does not predict what was asked for."""


def target_names(outcome_names: Sequence[str]) -> tuple[str, ...]:
    """Return all that can be explained; a class hides an outcome of its name."""
    return tuple(dict.fromkeys((RATING, SATISFIED, *SATISFACTION, *outcome_names)))


def target_values(outputs: NetworkOutputs, target: str, outcome_names: Sequence[str]) -> Tensor:
    """Return one number per row, `[N]`.

    Args:
        outputs: The network's answers to `N` rows.
        target: `rating`: expected rating, 1 to 5; `satisfaction`: P(positive) + P(neutral) / 2, in [0, 1];
            a satisfaction class or an outcome: its probability.
        outcome_names: What the outcome head predicts, in its order.

    Raises:
        TargetError: The target is none of these.
    """
    if target == RATING:
        return outputs.rating.softmax(-1) @ torch.tensor(RATINGS, dtype=torch.float32, device=outputs.rating.device)
    negative, neutral, positive = outputs.satisfaction.softmax(-1).unbind(-1)
    if target == SATISFIED:
        return positive + neutral / 2
    if target in SATISFACTION:
        return (negative, neutral, positive)[SATISFACTION.index(target)]
    if target in outcome_names:
        return outputs.outcomes[:, list(outcome_names).index(target)].sigmoid()
    raise TargetError(f"this bundle predicts no {target!r}: ask for one of {', '.join(target_names(outcome_names))}")
