"""What is known of a user or an item, to and from the message that Redis holds."""

from typing import Final

import numpy as np

from contento.contracts.messages import Factors
from contento.model.correction.known import TRACES, UNKNOWN, Known
from contento.model.correction.steps import MEMBERS, WIDTH

_FLOAT: Final = "<f4"


def known_of(side: int, factors: Factors | None) -> Known:
    """Return what a message says of a user or an item; `UNKNOWN` where it says nothing that this version reads."""
    if factors is None:
        return UNKNOWN[side]
    mean, traces = np.frombuffer(factors.members, _FLOAT), np.frombuffer(factors.traces, _FLOAT)
    if mean.size != MEMBERS * WIDTH or traces.size != TRACES[side]:
        return UNKNOWN[side]
    return Known(
        mean=mean.reshape(MEMBERS, WIDTH).copy(),  # what is compiled takes arrays that it could write into
        bias_variance=factors.bias_variance,
        traces=traces.copy(),
        first_ms=factors.first_ms,
        last_ms=factors.updated_ms,
    )


def fill(factors: Factors, known: Known) -> None:
    """Write what is known into a message, whose `updated_ms` is set already."""
    factors.members = known.mean.astype(_FLOAT, copy=False).tobytes()
    factors.traces = known.traces.astype(_FLOAT, copy=False).tobytes()
    factors.bias_variance = known.bias_variance
    factors.first_ms = known.first_ms
