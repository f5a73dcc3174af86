"""What the target is without a tower or without a past event: exact, each in one batch."""

from collections.abc import Callable
from itertools import product
from math import factorial
from typing import NamedTuple

import torch
from torch import Tensor

from contento.model.interface import HISTORY_LENGTH
from contento.model.network import NetworkInputs

Values = Callable[[NetworkInputs], Tensor]
"""From `N` rows to the target, `[N]`."""


class TowerValues(NamedTuple):
    """What the towers of a row add to the target.

    Attributes:
        towers: Columns of the `K` towers that have input.
        shapley: `[K]` Shapley values; they sum to the row's value - `empty`.
        removal: `[K]` value with all towers minus value without that one.
        empty: Value without any tower.
    """

    towers: list[int]
    shapley: Tensor
    removal: Tensor
    empty: float


def repeated(row: NetworkInputs, count: int) -> NetworkInputs:
    """Return one row `count` times."""
    return NetworkInputs(*(tensor.expand(count, *tensor.shape[1:]) for tensor in row))


def tower_values(row: NetworkInputs, values: Values) -> TowerValues:
    """Return the exact Shapley values of one row's towers: all `2 ** K` sets of them are scored.

    Source: Shapley, A value for n-person games, 1953.
    """
    towers = torch.nonzero(row.present[0]).flatten().tolist()
    count = len(towers)
    sets = list(product((False, True), repeat=count))
    present = torch.zeros(len(sets), row.present.shape[1], dtype=torch.bool)
    present[:, towers] = torch.tensor(sets, dtype=torch.bool).reshape(len(sets), count)
    found = values(repeated(row, len(sets))._replace(present=present.to(row.present.device))).double().tolist()
    value = dict(zip(sets, found, strict=True))
    everyone = (True,) * count
    shapley, removal = [], []
    for player in range(count):
        total = 0.0
        for coalition in sets:
            if not coalition[player]:
                size = sum(coalition)
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                total += weight * (value[_with(coalition, player, there=True)] - value[coalition])
        shapley.append(total)
        removal.append(value[everyone] - value[_with(everyone, player, there=False)])
    return TowerValues(
        towers=towers,
        shapley=torch.tensor(shapley, dtype=torch.float64),
        removal=torch.tensor(removal, dtype=torch.float64),
        empty=value[(False,) * count],
    )


def event_values(row: NetworkInputs, values: Values) -> Tensor:
    """Return what each past event adds: value with it minus value without it, `[HISTORY_LENGTH]`.

    An event is taken away by hiding it from the behaviour tower's attention; the others keep their
    place, age and gaps. NaN where there is no event, where the behaviour has no input, and for the event
    that is scored, which the behaviour is read at.
    """
    effect = torch.full((HISTORY_LENGTH,), torch.nan, dtype=torch.float64)
    places = torch.nonzero(row.history_mask[0, :-1] & row.present[0, 2]).flatten()
    mask = row.history_mask.repeat(len(places) + 1, 1)
    mask[torch.arange(len(places)), places] = False
    found = values(repeated(row, len(mask))._replace(history_mask=mask)).double()
    effect[places] = (found[-1] - found[:-1]).cpu()
    return effect


def _with(coalition: tuple[bool, ...], player: int, *, there: bool) -> tuple[bool, ...]:
    return (*coalition[:player], there, *coalition[player + 1 :])
