"""Fitting the network to training rows: the losses, and what is hidden from it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from contento.model.config import NetworkConfig
from contento.model.interface import RATINGS, TOWERS
from contento.model.network import Network, NetworkInputs, NetworkOutputs
from contento.training.descent import DescentOptions, Epoch, Log, Losses, descend
from contento.training.train_rows import TrainingRows


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions(DescentOptions):
    """How the network is fitted.

    Attributes:
        hide_tower: Probability that a tower of a row is hidden, per tower in `TOWERS` order.
        hide_items: Probability that a row sees every item as unknown: so that the text and the
            behaviour carry the score where no item was seen in training.
        hide_event: Probability that a single event's item, or its type, is seen as unknown.
    """

    hide_tower: tuple[float, float, float, float] = (0.2, 0.2, 0.15, 0.3)
    hide_items: float = 0.7
    hide_event: float = 0.05


class Labels(Protocol):
    """What was said of rows, as in `TrainingRows`; read only."""

    rating: Tensor
    satisfaction: Tensor
    outcomes: Tensor


class Logits(Protocol):
    """What is predicted of rows, as in `NetworkOutputs`."""

    @property
    def rating(self) -> Tensor: ...  # noqa: D102

    @property
    def satisfaction(self) -> Tensor: ...  # noqa: D102

    @property
    def outcomes(self) -> Tensor: ...  # noqa: D102


class Dataset:
    """Training rows as tensors, with their texts' embeddings looked up by row."""

    def __init__(self, rows: TrainingRows, embeddings: dict[str, NDArray[np.float32]], dimension: int) -> None:
        """Take rows and the embedding, `[dimension]`, of every text in them."""
        places = {text: place for place, text in enumerate(embeddings)}
        table = np.array([*embeddings.values(), np.zeros(dimension)], np.float32)
        self._table = torch.from_numpy(table)
        self._place = torch.tensor([places.get(text, len(places)) for text in rows.text.tolist()], dtype=torch.int64)
        self._inputs = NetworkInputs(
            text=self._place,
            image=torch.from_numpy(rows.image),
            history_ids=torch.from_numpy(rows.history_ids),
            history_values=torch.from_numpy(rows.history_values),
            history_mask=torch.from_numpy(rows.history_mask),
            factors=torch.from_numpy(rows.factors),
            present=torch.from_numpy(rows.present),
        )
        self.rating = torch.from_numpy(rows.rating)
        self.satisfaction = torch.from_numpy(rows.satisfaction)
        self.outcomes = torch.from_numpy(rows.outcomes)

    def __len__(self) -> int:
        return len(self._place)

    def inputs(self, index: Tensor) -> NetworkInputs:
        """Return the inputs of some rows."""
        inputs = NetworkInputs(*(tensor[index] for tensor in self._inputs))
        return inputs._replace(text=self._table[inputs.text])


def losses(outputs: Logits, labels: Labels, index: Tensor) -> Losses:
    """Return each task's mean loss over those of the rows that have its label; without any, a loss of 0."""
    found: dict[str, Tensor] = {}
    rating = labels.rating[index]
    rated = rating.isfinite()
    if rated.any():
        truth = rating[rated]
        logits = outputs.rating[rated]
        classes = torch.tensor(RATINGS, dtype=torch.float32, device=truth.device)
        # A rating between two stars is both of them, by closeness.
        target = (1 - (classes - truth[:, None]).abs()).clamp(min=0)
        mean = logits.softmax(-1) @ classes
        found["rating"] = functional.cross_entropy(logits, target) + 0.5 * functional.mse_loss(mean, truth)
    satisfaction = labels.satisfaction[index]
    if (satisfaction >= 0).any():
        found["satisfaction"] = functional.cross_entropy(outputs.satisfaction, satisfaction, ignore_index=-1)
    outcomes = labels.outcomes[index]
    told = outcomes.isfinite()
    if told.any():
        found["outcomes"] = functional.binary_cross_entropy_with_logits(outputs.outcomes[told], outcomes[told])
    return found or {"none": outputs.rating.sum() * 0}


def fit(
    config: NetworkConfig,
    train: Dataset,
    validation: Dataset,
    *,
    options: FitOptions,
    seed: int,
    checkpoint: Path | None = None,
    log: Log = lambda _name, _value, _step: None,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Network, list[Epoch]]:
    """Return the network with the best validation loss, and what all epochs came to.

    Args:
        config: Sizes.
        train: Rows to learn from.
        validation: Later rows that say when to stop.
        options: How.
        seed: Of weights, order and all that is hidden.
        checkpoint: As `descend` takes it.
        log: As `descend` takes it.
        advance: As `descend` takes it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(config)
    _claim(network, train)

    def batches(epoch: int) -> list[Tensor]:
        order = np.random.default_rng((seed, epoch)).permutation(len(train))
        return list(torch.split(torch.from_numpy(order), options.batch))

    def of(rows: Tensor) -> Losses:
        inputs, forgotten = _hide(train.inputs(rows), options)
        return losses(network(inputs, forgotten), train, rows)

    epochs = descend(
        network,
        batches=batches,
        losses=of,
        judge=lambda: _validation_losses(network, validation),
        options=options,
        seed=seed,
        checkpoint=checkpoint,
        log=log,
        advance=advance,
    )
    return network, epochs


@torch.no_grad()
def temper(network: Network, validation: Dataset) -> None:
    """Make the probabilities of satisfaction and outcomes as sure as they are right on rows that fitting did not see.

    Each head's logits are divided by the temperature of the least loss there (Guo et al. 2017), which goes into the
    head's weights; what is likeliest stays so.
    """
    found = outputs_of(network, validation)
    told, known = validation.satisfaction >= 0, validation.outcomes.isfinite()
    temperatures = torch.logspace(-1, 1, 201)
    if told.any():
        logits, truth = found.satisfaction[told], validation.satisfaction[told]
        _cool(network.satisfaction, temperatures, lambda t: functional.cross_entropy(logits / t, truth))
    if known.any():
        sure, happened = found.outcomes[known], validation.outcomes[known]
        _cool(network.outcomes, temperatures, lambda t: functional.binary_cross_entropy_with_logits(sure / t, happened))


def _cool(head: torch.nn.Module, temperatures: Tensor, loss: Callable[[Tensor], Tensor]) -> None:
    best = temperatures[torch.stack([loss(each) for each in temperatures]).argmin()]
    for weights in head.parameters():
        weights.div_(best)


@torch.inference_mode()
def outputs_of(network: Network, data: Dataset, without: tuple[str, ...] = ()) -> NetworkOutputs:
    """Return the network's answers to all rows, with some towers taken away."""
    network.eval()
    parts = []
    for index in torch.split(torch.arange(len(data)), 1024):
        inputs = data.inputs(index)
        present = inputs.present.clone()
        for tower in without:
            present[:, TOWERS.index(tower)] = False
        parts.append(network(inputs._replace(present=present)))
    return NetworkOutputs(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def _validation_losses(network: Network, data: Dataset) -> dict[str, float]:
    found = losses(outputs_of(network, data), data, torch.arange(len(data)))
    return {name: loss.item() for name, loss in found.items()}


def _claim(network: Network, train: Dataset) -> None:
    """Give the buckets to the most frequent ids; an id met once only would just be learnt by heart."""
    ids = train.inputs(torch.arange(len(train))).history_ids
    for column, embedding in ((0, network.behaviour.types), (1, network.behaviour.items)):
        counts = Counter(ids[..., column].flatten().tolist())
        frequent = sorted((-count, identity) for identity, count in counts.items() if count > 1 and identity)
        embedding.claim(torch.tensor([identity for _, identity in frequent], dtype=torch.int64))


def _hide(inputs: NetworkInputs, options: FitOptions) -> tuple[NetworkInputs, Tensor]:
    """Hide towers, items and types at random."""
    present = inputs.present & (torch.rand(inputs.present.shape) >= torch.tensor(options.hide_tower))
    rows, length, _ = inputs.history_ids.shape
    forgotten = torch.rand(rows, length, 2) < options.hide_event
    forgotten[..., 1] |= torch.rand(rows, 1) < options.hide_items
    return inputs._replace(present=present), forgotten
