from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from contento.model.config import NetworkConfig
from contento.model.network import Network
from contento.training import train_fit
from contento.training.train_fit import temper


def test_a_head_that_is_too_sure_is_cooled(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network(NetworkConfig(outcome_names=("purchase",)))
        logits = torch.randn(2000, 3)
        truth = torch.multinomial(logits.softmax(-1), 1)[:, 0]
        chance = torch.randn(2000, 1)
        happened = torch.bernoulli(chance.sigmoid())
    before = {name: each.clone() for name, each in network.state_dict().items()}
    answers = SimpleNamespace(satisfaction=4 * logits, outcomes=chance / 2)
    monkeypatch.setattr(train_fit, "outputs_of", lambda _network, _data: answers)
    temper(network, cast("Any", SimpleNamespace(satisfaction=truth, outcomes=happened)))
    after = network.state_dict()
    for name, factor in (("satisfaction", 4), ("outcomes", 0.5)):
        for part in ("weight", "bias"):
            cooled = before[f"{name}.{part}"] / after[f"{name}.{part}"]
            assert cooled.median().item() == pytest.approx(factor, rel=0.12), (name, part)
    assert torch.equal(before["rating.weight"], after["rating.weight"]), "the expected rating stays"


def test_without_labels_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(NetworkConfig(outcome_names=("purchase",)))
    before = {name: each.clone() for name, each in network.state_dict().items()}
    answers = SimpleNamespace(satisfaction=torch.zeros(4, 3), outcomes=torch.zeros(4, 1))
    monkeypatch.setattr(train_fit, "outputs_of", lambda _network, _data: answers)
    nothing = SimpleNamespace(satisfaction=torch.full((4,), -1), outcomes=torch.full((4, 1), torch.nan))
    temper(network, cast("Any", nothing))
    assert all(torch.equal(before[name], each) for name, each in network.state_dict().items())
