"""The interface of the model as named tensors: what the client sends and Triton's models read.

A tensor is named as its field of `ScorerInputs`, `ScorerOutputs` or `EncoderOutputs`, in capitals.
Every tensor starts with the batch axis; a field of one value per row has shape `[N, 1]`. Strings are
UTF-8. Two outputs are not fields: `OUTCOME_NAMES`, per row a JSON list, and `LIVE`, per row what is
live as `contento.inference.live` writes it, computed only when it is asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contento.model.interface import (
    FACTOR_VALUES,
    HISTORY_LENGTH,
    HISTORY_VALUES,
    RATINGS,
    SATISFACTION,
    TOWERS,
    EncoderOutputs,
    ScorerInputs,
    ScorerOutputs,
)

SCORER: Final = "contento_scorer"
ENCODER: Final = "contento_encoder"
SCORER_ROWS: Final = 256
"""Most rows of a request to the scorer."""
ENCODER_TEXTS: Final = 64
"""Most texts of a request to the encoder."""
LIVE: Final = "LIVE"

Shapes = Mapping[str, tuple[str, tuple[int, ...]]]
"""Per tensor its Triton type and its shape without the batch axis; -1 is any length."""

SCORER_INPUTS: Final[Shapes] = {
    "ARM": ("STRING", (1,)),
    "ENCODER": ("STRING", (1,)),
    "TEXT": ("FP32", (-1,)),
    "IMAGE": ("FP32", (-1,)),
    "HISTORY_IDS": ("INT64", (HISTORY_LENGTH, 2)),
    "HISTORY_VALUES": ("FP32", (HISTORY_LENGTH, len(HISTORY_VALUES))),
    "HISTORY_MASK": ("BOOL", (HISTORY_LENGTH,)),
    "FACTORS": ("FP32", (FACTOR_VALUES,)),
    "PRESENT": ("BOOL", (len(TOWERS),)),
}
SCORER_OUTPUTS: Final[Shapes] = {
    "RATING": ("FP32", (len(RATINGS),)),
    "INTERVAL": ("FP32", (2,)),
    "COVERAGE": ("FP32", (1,)),
    "SATISFACTION": ("FP32", (len(SATISFACTION),)),
    "OUTCOMES": ("FP32", (-1,)),
    "OUTCOME_NAMES": ("STRING", (1,)),
    "TOWERS": ("FP32", (len(TOWERS),)),
    "EVENTS": ("FP32", (HISTORY_LENGTH,)),
    "USER": ("FP32", (-1,)),
    "BUNDLE": ("STRING", (1,)),
    "ENCODER": ("STRING", (1,)),
    LIVE: ("STRING", (1,)),
}
ENCODER_INPUTS: Final[Shapes] = {"TEXT": ("STRING", (1,)), "ARM": ("STRING", (1,))}
ENCODER_OUTPUTS: Final[Shapes] = {"EMBEDDING": ("FP32", (-1,)), "ENCODER": ("STRING", (1,))}
OPTIONAL: Final = frozenset({"IMAGE"})

Arrays = dict[str, NDArray[Any]]


def strings(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return strings `[N]` as UTF-8 `[N, 1]`."""
    return np.array([[value.encode()] for value in values], np.object_).reshape(-1, 1)


def texts(array: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return UTF-8 `[N, 1]` as strings `[N]`."""
    return np.array([value.decode() for value in array.ravel()], np.object_)


def input_arrays(inputs: ScorerInputs) -> Arrays:
    """Return the tensors of rows; no `IMAGE` when no row has one."""
    return _arrays({each.name: getattr(inputs, each.name) for each in fields(inputs)})


def read_inputs(arrays: Mapping[str, NDArray[Any] | None]) -> ScorerInputs:
    """Return the rows of tensors."""
    values: dict[str, Any] = {each.name: _value(arrays.get(each.name.upper())) for each in fields(ScorerInputs)}
    return ScorerInputs(**values)


def output_arrays(outputs: ScorerOutputs) -> Arrays:
    """Return the tensors of answers, without `LIVE`."""
    arrays = _arrays({each.name: getattr(outputs, each.name) for each in fields(outputs) if each.name != _NAMES})
    names = json.dumps(outputs.outcome_names).encode()
    arrays[_NAMES.upper()] = np.full((len(outputs.bundle), 1), names, np.object_)
    arrays["COVERAGE"] = outputs.coverage[:, None]
    return arrays


def read_outputs(arrays: Mapping[str, NDArray[Any]]) -> ScorerOutputs:
    """Return the answers of tensors of at least one row."""
    values = {each.name: _value(arrays[each.name.upper()]) for each in fields(ScorerOutputs)}
    values |= {"coverage": arrays["COVERAGE"][:, 0], _NAMES: tuple(json.loads(arrays[_NAMES.upper()][0, 0]))}
    return ScorerOutputs(**values)


def encoded_arrays(outputs: EncoderOutputs) -> Arrays:
    """Return the tensors of embeddings."""
    return _arrays({"embedding": outputs.embedding, "encoder": outputs.encoder})


def read_encoded(arrays: Mapping[str, NDArray[Any]]) -> EncoderOutputs:
    """Return the embeddings of tensors."""
    return EncoderOutputs(embedding=arrays["EMBEDDING"], encoder=texts(arrays["ENCODER"]))


_NAMES: Final = "outcome_names"


def _arrays(values: Mapping[str, NDArray[Any] | None]) -> Arrays:
    return {
        name.upper(): strings(array) if array.dtype == np.object_ else array
        for name, array in values.items()
        if array is not None
    }


def _value(array: NDArray[Any] | None) -> Any:
    return texts(array) if array is not None and array.dtype == np.object_ else array
