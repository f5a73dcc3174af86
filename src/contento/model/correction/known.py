"""What ratings so far have told of a user or an item, as much as a prediction needs."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction.members import ITEM, USER, prior_triangles
from contento.model.correction.steps import ITEM_TRACES, MEMBERS, USER_TRACES, WIDTH


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of a user or an item; see `contento.model.correction.steps`.

    Attributes:
        mean: `[MEMBERS, WIDTH]`.
        bias_variance: How unsure the first member's bias is, in stars squared.
        traces: `[USER_TRACES]` or `[ITEM_TRACES]`.
        first_ms: When the first rating was given, unix milliseconds; 0: never.
        last_ms: When the last one was.
    """

    mean: NDArray[np.float32]
    bias_variance: float
    traces: NDArray[np.float32]
    first_ms: int = 0
    last_ms: int = 0


TRACES: Final = (USER_TRACES, ITEM_TRACES)
"""Length of the traces of a user and of an item."""
UNKNOWN: Final = tuple(
    Known(
        mean=np.zeros((MEMBERS, WIDTH), np.float32),
        bias_variance=float(prior_triangles(side)[0, 0]),
        traces=np.zeros(TRACES[side], np.float32),
    )
    for side in (USER, ITEM)
)
"""What is known of a user and of an item before their first rating. Not to be changed."""
