"""Gradient descent that can be killed: one loop for the encoder's adapters and for the network.

AdamW with warm-up and a cosine, gradient accumulation, clipping, mixed precision on a GPU, early stopping on a
later part of the data. A run that is killed goes on from its last checkpoint and ends with the same weights.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from contento.training.checkpoint import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint

Losses = Mapping[str, Tensor]
"""Loss by task; their sum is what is minimised."""
Log = Callable[[str, float, int], None]
"""Told a curve's name, its value, and the step, from 1."""
SAVE_EVERY: Final = 50
"""Steps between two checkpoints: what a kill costs at most."""
_LOG_EVERY: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentOptions:
    """How weights are fitted.

    Attributes:
        epochs: Most passes over the data.
        patience: Passes without a better validation loss before it stops.
        batch: Rows of a step.
        accumulate: Parts a step's rows are passed in, one after the other, where memory is short.
        learning_rate: Peak of AdamW's, reached after the warm-up, then falling as a cosine.
        weight_decay: AdamW's, on matrices.
        warm_up: Share of all steps.
    """

    epochs: int = 20
    patience: int = 5
    batch: int = 256
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1


@dataclass(slots=True, kw_only=True)
class Epoch:
    """What a pass over the data came to: mean losses by task, in training and on later rows."""

    train: dict[str, float]
    validation: dict[str, float]

    @property
    def loss(self) -> float:
        """What decides when to stop."""
        return sum(self.validation.values())


@dataclass(slots=True)
class _Progress:
    epoch: int = 0
    done: int = 0  # steps of this epoch
    totals: dict[str, float] = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        history = [{"train": each.train, "validation": each.validation} for each in self.history]
        return {"epoch": self.epoch, "done": self.done, "totals": self.totals, "history": history}


def descend(
    module: nn.Module,
    *,
    batches: Callable[[int], Sequence[Tensor]],
    losses: Callable[[Tensor], Losses],
    judge: Callable[[], Mapping[str, float]],
    options: DescentOptions,
    seed: int,
    checkpoint: Path | None = None,
    log: Log = lambda _name, _value, _step: None,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Epoch]:
    """Fit what of a module requires gradients, leave it with the best epoch's weights, and return all epochs.

    The same seed, data and number of threads give the same weights, killed in between or not. torch's
    generator is as before afterwards.

    Args:
        module: What is fitted; its parameters keep their order.
        batches: Returns the rows of each step of an epoch; the same ones whenever it is asked.
        losses: Returns the mean losses over some rows.
        judge: Returns the losses on later rows.
        options: How.
        seed: Of all that `losses` draws.
        checkpoint: File to go on from, and to keep; `None`: none.
        log: Told the curves.
        advance: Told how many more steps are behind it, those before a resumption included.
    """
    named = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
    device = next(iter(named.values())).device
    optimizer = _optimizer(named, options)
    per_epoch = len(batches(0))
    total = options.epochs * per_epoch
    mixed = _mixed_precision(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        progress, best = _restore(checkpoint, named, optimizer)
        advance(progress.epoch * per_epoch + progress.done)
        while progress.epoch < options.epochs and not _stopped(progress.history, options.patience):
            module.train()
            for rows in batches(progress.epoch)[progress.done :]:
                rate = options.learning_rate * _rate(progress.epoch * per_epoch + progress.done, total, options.warm_up)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                optimizer.zero_grad()
                for part in torch.chunk(rows, options.accumulate):
                    with mixed():
                        each = losses(part)
                    share = len(part) / len(rows)
                    torch.autograd.backward(torch.stack(list(each.values())).sum() * share)
                    for name, loss in each.items():
                        progress.totals[name] = progress.totals.get(name, 0.0) + loss.item() * share
                torch.nn.utils.clip_grad_norm_(named.values(), 1.0)
                optimizer.step()
                progress.done += 1
                step = progress.epoch * per_epoch + progress.done
                if step % _LOG_EVERY == 0:
                    log("learning_rate", rate, step)
                    log("train", sum(progress.totals.values()) / progress.done, step)
                if progress.done % SAVE_EVERY == 0:
                    _save(checkpoint, named, optimizer, progress, best)
                advance(1)
            best = _judged(module, named, progress, judge, best)
            for name, value in progress.history[-1].validation.items():
                log(f"validation/{name}", value, progress.epoch * per_epoch)
            _save(checkpoint, named, optimizer, progress, best)
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(best[name])
    module.eval()
    return progress.history


def _judged(
    module: nn.Module,
    named: Mapping[str, nn.Parameter],
    progress: _Progress,
    judge: Callable[[], Mapping[str, float]],
    best: dict[str, Tensor],
) -> dict[str, Tensor]:
    """End an epoch; return the best weights so far."""
    module.eval()
    train = {name: value / progress.done for name, value in progress.totals.items()}
    progress.history.append(Epoch(train=train, validation=dict(judge())))
    progress.epoch, progress.done, progress.totals = progress.epoch + 1, 0, {}
    if _best(progress.history) == len(progress.history) - 1:
        return {name: parameter.detach().clone() for name, parameter in named.items()}
    return best


def _best(history: Sequence[Epoch]) -> int:
    losses = [each.loss for each in history]
    return losses.index(min(losses))


def _stopped(history: Sequence[Epoch], patience: int) -> bool:
    return bool(history) and len(history) - 1 - _best(history) >= patience


def _rate(step: int, total: int, warm_up: float) -> float:
    """Return the share of the peak learning rate at a step, from 0."""
    rising = max(1, round(total * warm_up))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def _optimizer(named: Mapping[str, nn.Parameter], options: DescentOptions) -> torch.optim.AdamW:
    matrices: dict[str, Any] = {"params": [each for each in named.values() if each.ndim > 1]}
    rest: dict[str, Any] = {"params": [each for each in named.values() if each.ndim <= 1], "weight_decay": 0.0}
    return torch.optim.AdamW([matrices, rest], lr=options.learning_rate, weight_decay=options.weight_decay)


def _mixed_precision(device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
    """Return the context of a forward pass: bfloat16 on a GPU that has it, which needs no loss scaling."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return lambda: torch.autocast("cuda", torch.bfloat16)
    return nullcontext


def _save(
    checkpoint: Path | None,
    named: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    progress: _Progress,
    best: Mapping[str, Tensor],
) -> None:
    if checkpoint is None:
        return
    tensors: dict[str, Tensor] = {f"weights.{name}": parameter for name, parameter in named.items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    tensors |= optimizer_tensors(optimizer)
    tensors["generator"] = torch.random.get_rng_state()
    device = next(iter(named.values())).device
    if device.type == "cuda":
        tensors["cuda_generator"] = torch.cuda.get_rng_state(device)
    save_checkpoint(checkpoint, tensors, progress.as_json())


def _restore(
    checkpoint: Path | None, named: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> tuple[_Progress, dict[str, Tensor]]:
    """Return where to go on, and the best weights so far."""
    found = load_checkpoint(checkpoint) if checkpoint else None
    if found is None:
        return _Progress(), {}
    tensors, state = found
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(tensors[f"weights.{name}"])
    restore_optimizer(optimizer, tensors)
    torch.random.set_rng_state(tensors["generator"])
    if "cuda_generator" in tensors:
        torch.cuda.set_rng_state(tensors["cuda_generator"], next(iter(named.values())).device)
    best = {name: tensors[f"best.{name}"] for name in named if f"best.{name}" in tensors}
    history = [Epoch(**each) for each in state["history"]]
    return _Progress(epoch=state["epoch"], done=state["done"], totals=state["totals"], history=history), best
