"""Fitting the network to training rows: the losses, what is hidden from it, and when to stop."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from contento.model.config import NetworkConfig
from contento.model.interface import RATINGS, TOWERS
from contento.model.network import Network, NetworkInputs, NetworkOutputs
from contento.training.train_rows import TrainingRows


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """How the network is fitted.

    Attributes:
        epochs: Most passes over the data.
        patience: Passes without a better validation loss before it stops.
        batch: Rows of a step.
        learning_rate: Peak of AdamW's, reached after the warm-up, then falling as a cosine.
        weight_decay: AdamW's, on matrices.
        warm_up: Share of all steps.
        hide_tower: Probability that a tower of a row is hidden, per tower in `TOWERS` order.
        hide_items: Probability that a row sees every item as unknown: so that the text and the
            behaviour carry the score where no item was seen in training.
        hide_event: Probability that a single event's item, or its type, is seen as unknown.
    """

    epochs: int = 20
    patience: int = 5
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    hide_tower: tuple[float, float, float, float] = (0.2, 0.2, 0.15, 0.3)
    hide_items: float = 0.7
    hide_event: float = 0.05


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


def losses(outputs: NetworkOutputs, data: Dataset, index: Tensor) -> Tensor:
    """Return the sum over the tasks of each task's mean loss over the rows that have its label."""
    total = outputs.rating.sum() * 0
    rating = data.rating[index]
    rated = rating.isfinite()
    if rated.any():
        truth = rating[rated]
        logits = outputs.rating[rated]
        classes = torch.tensor(RATINGS, dtype=torch.float32)
        # A rating between two stars is both of them, by closeness.
        target = (1 - (classes - truth[:, None]).abs()).clamp(min=0)
        mean = logits.softmax(-1) @ classes
        total = total + functional.cross_entropy(logits, target) + 0.5 * functional.mse_loss(mean, truth)
    satisfaction = data.satisfaction[index]
    if (satisfaction >= 0).any():
        total = total + functional.cross_entropy(outputs.satisfaction, satisfaction, ignore_index=-1)
    outcomes = data.outcomes[index]
    told = outcomes.isfinite()
    if told.any():
        total = total + functional.binary_cross_entropy_with_logits(outputs.outcomes[told], outcomes[told])
    return total


def fit(
    config: NetworkConfig,
    train: Dataset,
    validation: Dataset,
    *,
    options: FitOptions,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Network, list[float]]:
    """Return the network with the best validation loss, and the validation losses of all epochs.

    The same seed, data and number of threads give the same weights. Changes torch's generator only
    while it runs.

    Args:
        config: Sizes.
        train: Rows to learn from.
        validation: Later rows that say when to stop.
        options: How.
        seed: Of weights, order and all that is hidden.
        advance: Told how many more steps were made.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(config)
        _claim(network, train)
        matrices: dict[str, Any] = {"params": [each for each in network.parameters() if each.ndim > 1]}
        rest: dict[str, Any] = {
            "params": [each for each in network.parameters() if each.ndim <= 1],
            "weight_decay": 0.0,
        }
        optimizer = torch.optim.AdamW([matrices, rest], lr=options.learning_rate, weight_decay=options.weight_decay)
        steps = options.epochs * -(-len(train) // options.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, options.learning_rate, total_steps=steps, pct_start=options.warm_up, cycle_momentum=False
        )
        best, kept, history = float("inf"), {}, list[float]()
        for _ in range(options.epochs):
            network.train()
            for index in torch.split(torch.randperm(len(train)), options.batch):
                inputs, forgotten = _hide(train.inputs(index), options)
                loss = losses(network(inputs, forgotten), train, index)
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                advance(1)
            history.append(_validation_loss(network, validation))
            if history[-1] < best:
                best = history[-1]
                kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            if len(history) - 1 - history.index(best) >= options.patience:
                break
    network.load_state_dict(kept)
    return network.eval(), history


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


@torch.inference_mode()
def _validation_loss(network: Network, data: Dataset) -> float:
    return float(losses(outputs_of(network, data), data, torch.arange(len(data))))


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
