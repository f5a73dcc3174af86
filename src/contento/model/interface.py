"""What the scorer model takes and gives, per row. Triton and the in-process twin both follow it.

The shapes leave out the batch axis `N`, which comes first everywhere.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Tower = Literal["text", "image", "behaviour", "factors"]
Arm = Literal["serving", "candidate"]

TOWERS: Final[tuple[Tower, ...]] = ("text", "image", "behaviour", "factors")
RATINGS: Final = (1, 2, 3, 4, 5)
SATISFACTION: Final = ("negative", "neutral", "positive")
HISTORY_LENGTH: Final = 32
"""Events the behaviour tower sees: the last 31 of the user, then the event that is scored."""
HISTORY_VALUES: Final = (
    "log_gap",  # ln(1 + seconds since the event before); 0 for the first
    "log_dwell",  # ln(1 + dwell seconds); 0 if unknown
    "has_dwell",  # 1 if the dwell is known, else 0
    "log_value",  # sign(value) * ln(1 + |value|); 0 if unknown
    "has_value",  # 1 if the value is known, else 0
    "log_position",  # ln(1 + position); 0 if unknown and for past events
    "same_item",  # 1 if its item is the item of the event that is scored
    "same_session",  # 1 if at most 30 minutes lie between it and the event that is scored
)
FACTOR_RANK: Final = 16
FACTOR_VALUES: Final = 2 * (FACTOR_RANK + 2)
"""User bias and vector, user ln(1 + n), then the same of the item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerInputs:
    """A batch of rows to score.

    Attributes:
        arm: `[N]` str, the arm asked for, of the rollout.
        encoder: `[N]` str, hash of the encoder that made `text`; empty where there is none.
        text: `[N, D]` float32, the text embedding; zeros where missing.
        image: `[N, I]` float32, the image embedding, or `None` when no row has one.
        history_ids: `[N, HISTORY_LENGTH, 2]` int64, 64-bit hashes of event type and item,
            right-aligned: the event that is scored is last. Zero where empty.
        history_values: `[N, HISTORY_LENGTH, len(HISTORY_VALUES)]` float32, right-aligned.
        history_mask: `[N, HISTORY_LENGTH]` bool, true where there is an event.
        factors: `[N, FACTOR_VALUES]` float32, online factors; zeros where unknown.
        present: `[N, len(TOWERS)]` bool, which towers have input.
    """

    arm: NDArray[np.object_]
    encoder: NDArray[np.object_]
    text: NDArray[np.float32]
    image: NDArray[np.float32] | None
    history_ids: NDArray[np.int64]
    history_values: NDArray[np.float32]
    history_mask: NDArray[np.bool_]
    factors: NDArray[np.float32]
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerOutputs:
    """The answers to a batch, row by row.

    Attributes:
        rating: `[N, 5]` float32, P(rating = 1..5).
        interval: `[N, 2]` float32, lower and upper end of the rating's interval, in [1, 5].
        coverage: `[N]` float32, stated coverage of the interval, in (0, 1).
        satisfaction: `[N, 3]` float32, P(negative, neutral, positive).
        outcomes: `[N, O]` float32, probability per outcome name.
        outcome_names: The `O` names.
        towers: `[N, len(TOWERS)]` float32, share of each tower in the score; 0 where missing; sums to 1.
        events: `[N, HISTORY_LENGTH]` float32, share of each event of the history; sums to 1.
        user: `[N, U]` float32, the model's representation of the user.
        bundle: `[N]` str, hash of the bundle that answered.
        encoder: `[N]` str, hash of the encoder whose embeddings that bundle expects.
    """

    rating: NDArray[np.float32]
    interval: NDArray[np.float32]
    coverage: NDArray[np.float32]
    satisfaction: NDArray[np.float32]
    outcomes: NDArray[np.float32]
    outcome_names: tuple[str, ...]
    towers: NDArray[np.float32]
    events: NDArray[np.float32]
    user: NDArray[np.float32]
    bundle: NDArray[np.object_]
    encoder: NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderOutputs:
    """Text embeddings.

    Attributes:
        embedding: `[N, D]` float32, unit length.
        encoder: `[N]` str, hash of the encoder that made each: base weights, adapter, pooling, length.
    """

    embedding: NDArray[np.float32]
    encoder: NDArray[np.object_]
