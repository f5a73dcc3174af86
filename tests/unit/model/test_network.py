import itertools

import numpy as np
import pytest
import torch

from contento.model.config import NetworkConfig
from contento.model.interface import FACTOR_VALUES, HISTORY_LENGTH, HISTORY_VALUES, TOWERS
from contento.model.network import Network, NetworkInputs, OwnedEmbedding

CONFIG = NetworkConfig(text_dimension=12, image_dimension=6, outcome_names=("a", "b"))


@pytest.fixture(scope="module")
def network() -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Network(CONFIG).eval()


def rows(count: int, seed: int = 0) -> NetworkInputs:
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=(count, *shape)).astype(np.float32))

    lengths = rng.integers(1, HISTORY_LENGTH + 1, count)
    return NetworkInputs(
        text=normal(12),
        image=normal(6),
        history_ids=torch.from_numpy(rng.integers(0, 2**63 - 1, (count, HISTORY_LENGTH, 2))),
        history_values=normal(HISTORY_LENGTH, len(HISTORY_VALUES)),
        history_mask=torch.from_numpy(np.arange(HISTORY_LENGTH) >= HISTORY_LENGTH - lengths[:, None]),
        factors=normal(FACTOR_VALUES),
        present=torch.ones(count, len(TOWERS), dtype=torch.bool),
    )


@pytest.mark.parametrize("present", list(itertools.product((False, True), repeat=len(TOWERS))))
def test_any_towers_may_be_missing(network: Network, present: tuple[bool, ...]) -> None:
    here = torch.tensor([present] * 5)
    outputs = network(rows(5)._replace(present=here))
    assert all(tensor.isfinite().all() for tensor in outputs)
    assert not outputs.towers[~here].any()
    assert outputs.towers.sum(1).tolist() == pytest.approx([float(any(present))] * 5)
    assert outputs.events.sum(1).tolist() == pytest.approx([float(present[2])] * 5)
    assert outputs.user.any() == present[2]


def test_what_a_missing_tower_holds_is_not_looked_at(network: Network) -> None:
    present = torch.tensor([[False, True, False, True]] * 4)
    one, other = rows(4, seed=1)._replace(present=present), rows(4, seed=2)._replace(present=present)
    mixed = other._replace(image=one.image, factors=one.factors)
    assert torch.equal(network(one).rating, network(mixed).rating)


def test_padding_has_no_share_and_no_effect(network: Network) -> None:
    inputs = rows(6)
    outputs = network(inputs)
    assert not outputs.events[~inputs.history_mask].any()
    noise = inputs.history_values.clone()
    noise[~inputs.history_mask] = 99
    assert torch.allclose(network(inputs._replace(history_values=noise)).rating, outputs.rating, atol=1e-6)


def test_a_row_does_not_depend_on_its_batch(network: Network) -> None:
    inputs = rows(64)
    together = network(inputs)
    for row in (0, 31, 63):
        alone = network(NetworkInputs(*(tensor[row : row + 1] for tensor in inputs)))
        for whole, single in zip(together, alone, strict=True):
            torch.testing.assert_close(whole[row], single[0], rtol=0, atol=1e-5)


def test_the_event_that_is_scored_is_what_the_behaviour_is_read_at(network: Network) -> None:
    inputs = rows(3)
    changed = inputs.history_values.clone()
    changed[:, -1] += 1
    assert not torch.allclose(network(inputs).rating, network(inputs._replace(history_values=changed)).rating)


def test_a_bucket_answers_to_its_owner_only() -> None:
    embedding = OwnedEmbedding(8, 4)
    embedding.claim(torch.tensor([11, 19, 5, 0]))  # 19 falls in the bucket of 11
    unknown = embedding.table.weight[0]
    looked = embedding(torch.tensor([11, 19, 5, 6, 0]))
    assert torch.equal(looked[0], embedding.table.weight[4])
    assert torch.equal(looked[2], embedding.table.weight[6])
    assert all(torch.equal(looked[row], unknown) for row in (1, 3, 4))
    assert torch.equal(embedding(torch.tensor([11]), torch.tensor([True]))[0], unknown)


def test_a_network_may_have_no_image_and_no_outcomes() -> None:
    network = Network(NetworkConfig(text_dimension=12)).eval()
    outputs = network(rows(2)._replace(image=torch.zeros(2, 0)))
    assert outputs.outcomes.shape == (2, 0)
    assert outputs.rating.isfinite().all()
