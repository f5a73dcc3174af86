import pytest
import torch
from torch import Tensor

from contento.model.explanation.removal import tower_values
from contento.model.network import NetworkInputs

ROW = NetworkInputs(
    text=torch.zeros(1, 3),
    image=torch.zeros(1, 3),
    history_ids=torch.zeros(1, 3),
    history_values=torch.zeros(1, 3),
    history_mask=torch.zeros(1, 3),
    factors=torch.zeros(1, 3),
    present=torch.tensor([[True, False, True, True]]),
)


def test_what_towers_add_alone_is_theirs() -> None:
    def additive(rows: NetworkInputs) -> Tensor:
        return 10 + rows.present.float() @ torch.tensor([1.0, 100.0, -2.0, 0.5])

    found = tower_values(ROW, additive)
    assert found.towers == [0, 2, 3]
    assert found.empty == 10
    assert found.shapley.tolist() == pytest.approx([1, -2, 0.5])
    assert found.removal.tolist() == pytest.approx([1, -2, 0.5])


def test_what_towers_add_together_is_shared() -> None:
    def together(rows: NetworkInputs) -> Tensor:
        return (rows.present[:, 0] & rows.present[:, 2]).float() * 6

    found = tower_values(ROW, together)
    assert found.shapley.tolist() == pytest.approx([3, 3, 0])
    assert found.removal.tolist() == pytest.approx([6, 6, 0])


def test_a_row_without_towers_has_none() -> None:
    found = tower_values(ROW._replace(present=torch.zeros(1, 4, dtype=torch.bool)), lambda rows: torch.ones(1))
    assert (found.towers, found.empty) == ([], 1.0)
