"""Batches of rows: making, checking, cutting and joining them."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from contento.contracts.errors import ContentoError
from contento.model.interface import (
    FACTOR_VALUES,
    HISTORY_LENGTH,
    HISTORY_VALUES,
    TOWERS,
    Arm,
    EncoderOutputs,
    ScorerInputs,
    ScorerOutputs,
)


class RowsError(ContentoError):
    """Rows do not have the shape that the interface says."""


def empty_rows(rows: int, *, text_dimension: int, arm: Arm = "serving") -> ScorerInputs:
    """Return rows in which every tower is missing."""
    return ScorerInputs(
        arm=np.full(rows, arm, np.object_),
        encoder=np.full(rows, "", np.object_),
        text=np.zeros((rows, text_dimension), np.float32),
        image=None,
        history_ids=np.zeros((rows, HISTORY_LENGTH, 2), np.int64),
        history_values=np.zeros((rows, HISTORY_LENGTH, len(HISTORY_VALUES)), np.float32),
        history_mask=np.zeros((rows, HISTORY_LENGTH), np.bool_),
        factors=np.zeros((rows, FACTOR_VALUES), np.float32),
        present=np.zeros((rows, len(TOWERS)), np.bool_),
    )


def check_rows(inputs: ScorerInputs) -> None:
    """Raise `RowsError` unless every array has the interface's shape and type."""
    rows = len(inputs.arm)
    expected: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "arm": (np.object_, (rows,)),
        "encoder": (np.object_, (rows,)),
        "text": (np.float32, (rows, -1)),
        "image": (np.float32, (rows, -1)),
        "history_ids": (np.int64, (rows, HISTORY_LENGTH, 2)),
        "history_values": (np.float32, (rows, HISTORY_LENGTH, len(HISTORY_VALUES))),
        "history_mask": (np.bool_, (rows, HISTORY_LENGTH)),
        "factors": (np.float32, (rows, FACTOR_VALUES)),
        "present": (np.bool_, (rows, len(TOWERS))),
    }
    for each in fields(inputs):
        array = getattr(inputs, each.name)
        if array is None:
            continue
        dtype, shape = expected[each.name]
        fits = array.ndim == len(shape) and all(
            size in (-1, found) for size, found in zip(shape, array.shape, strict=True)
        )
        if array.dtype != dtype or not fits:
            raise RowsError(
                f"{each.name} is {array.dtype} {list(array.shape)}, expected {dtype.__name__} "
                f"{[size if size >= 0 else 'any' for size in shape]}: build rows as contento.model.interface says"
            )


def select(inputs: ScorerInputs, rows: slice) -> ScorerInputs:
    """Return some of the rows, as views."""
    arrays: dict[str, Any] = {each.name: getattr(inputs, each.name) for each in fields(inputs)}
    cut: dict[str, Any] = {name: None if array is None else array[rows] for name, array in arrays.items()}
    return ScorerInputs(**cut)


def join_inputs(parts: Sequence[ScorerInputs]) -> ScorerInputs:
    """Return the rows of all parts; rows of a part without images get images of zeros.

    The embeddings of all parts must have one length each.
    """
    if len(parts) == 1:
        return parts[0]
    images = [part.image for part in parts if part.image is not None]
    if images:
        width = images[0].shape[1]
        parts = [
            part if part.image is not None else replace(part, image=np.zeros((len(part.arm), width), np.float32))
            for part in parts
        ]
    joined: dict[str, Any] = {
        each.name: None
        if each.name == "image" and not images
        else np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(ScorerInputs)
    }
    return ScorerInputs(**joined)


def join_outputs(parts: Sequence[ScorerOutputs]) -> ScorerOutputs:
    """Return the answers of all parts; an outcome that a part does not know is NaN there."""
    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.outcome_names))
    width = max(part.user.shape[1] for part in parts)
    joined: dict[str, Any] = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(ScorerOutputs)
        if each.name not in ("outcomes", "outcome_names", "user")
    }
    outcomes, users = [], []
    for part in parts:
        outcome = np.full((len(part.bundle), len(names)), np.nan, np.float32)
        outcome[:, [names.index(name) for name in part.outcome_names]] = part.outcomes
        outcomes.append(outcome)
        users.append(np.pad(part.user, ((0, 0), (0, width - part.user.shape[1]))))
    return ScorerOutputs(**joined, outcome_names=names, outcomes=np.concatenate(outcomes), user=np.concatenate(users))


def take_outputs(outputs: ScorerOutputs, rows: slice) -> ScorerOutputs:
    """Return the answers of some of the rows, as views."""
    taken: dict[str, Any] = {
        each.name: getattr(outputs, each.name)[rows] for each in fields(outputs) if each.name != "outcome_names"
    }
    return ScorerOutputs(**taken, outcome_names=outputs.outcome_names)


def join_encoded(parts: Sequence[EncoderOutputs], order: Sequence[int]) -> EncoderOutputs:
    """Return embeddings in the texts' order; `order[k]` is the place of the k-th embedding of the parts."""
    place = np.argsort(np.array(order, np.intp))
    return EncoderOutputs(
        embedding=np.concatenate([part.embedding for part in parts])[place],
        encoder=np.concatenate([part.encoder for part in parts])[place],
    )
