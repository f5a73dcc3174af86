"""Errors of predicted ratings, on the whole and by slice."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Slices = Mapping[str, NDArray[np.bool_]]


def errors(predicted: NDArray[np.float64], ratings: NDArray[np.float64]) -> dict[str, float]:
    """Return `rmse` and `mae` in stars of predictions `[N]` of ratings `[N]`."""
    difference = predicted - ratings
    return {"rmse": float(np.sqrt(np.mean(difference**2))), "mae": float(np.mean(np.abs(difference)))}


def intervals(ends: NDArray[np.float64], ratings: NDArray[np.float64]) -> dict[str, float]:
    """Return `coverage` (share of ratings `[N]` inside) and mean `width` in stars of intervals `[N, 2]`."""
    inside = (ends[:, 0] <= ratings) & (ratings <= ends[:, 1])
    return {"coverage": float(inside.mean()), "width": float((ends[:, 1] - ends[:, 0]).mean())}


def by_slice(
    predicted: NDArray[np.float64], ratings: NDArray[np.float64], slices: Slices
) -> dict[str, dict[str, float]]:
    """Return `n`, `rmse` and `mae` of each slice that has ratings."""
    return {
        name: {"n": int(rows.sum()), **errors(predicted[rows], ratings[rows])}
        for name, rows in slices.items()
        if rows.any()
    }
