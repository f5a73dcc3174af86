"""Which arithmetics a bundle may permit: those in which its embeddings serve as well as in float32."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contento.model.arithmetic import ARITHMETICS, UNMEASURED, Arithmetic, possible
from contento.model.config import EncoderConfig
from contento.model.encoder import TextEncoder

TOLERANCE: Final = 0.003
"""RMSE, in stars, that an arithmetic may cost: what two seeds of training differ by."""


def permitted_arithmetics(
    config: EncoderConfig,
    texts: Sequence[str],
    error_of: Callable[[NDArray[np.float32]], float],
    *,
    machine: Mapping[str, Any],
    device: str = "cpu",
    adapter: Path | None = None,
    cache: Path | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Arithmetic, ...]:
    """Return the arithmetics that a bundle may permit, `float32` always among them.

    One that this machine cannot do is permitted if it needs no measurement.

    Args:
        config: The encoder.
        texts: Texts that the model has not been fitted on.
        error_of: Returns the model's error, the smaller the better, for embeddings `[len(texts), D]`.
        machine: As `contento.model.arithmetic.capabilities` returns it.
        device: As torch names it.
        adapter: Directory of the encoder's LoRA adapter, if it has one.
        cache: As in `TextEncoder`.
        tolerance: How much the error may exceed that in float32.

    Raises:
        EncoderError: The encoder cannot be found or read.
    """

    def error_in(arithmetic: Arithmetic) -> float:
        encoder = TextEncoder(config.reference, layers=config.layers, arithmetic=arithmetic, device=device, cache=cache)
        if adapter is not None:
            encoder.add_adapter("measured", adapter)
        return error_of(
            encoder.encode(
                texts,
                max_length=config.max_length,
                pooling=config.pooling,
                adapter="measured" if adapter is not None else "",
            )
        )

    here = possible(device, machine)
    most = error_in("float32") + tolerance
    return tuple(
        each
        for each in ARITHMETICS
        if each == "float32" or (error_in(each) <= most if each in here else each in UNMEASURED)
    )
