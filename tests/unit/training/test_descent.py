from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from contento.training import descent
from contento.training.checkpoint import load_checkpoint, save_checkpoint
from contento.training.descent import DescentOptions, Epoch, descend

OPTIONS = DescentOptions(epochs=4, patience=4, batch=8, learning_rate=0.05)


class Killed(BaseException):
    pass


class Line:
    """A noisy line to fit, with dropout, so that the generator matters."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.x = torch.from_numpy(rng.normal(size=(64, 3))).float()
        self.y = self.x @ torch.tensor([1.0, -2.0, 0.5]) + 0.3
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = nn.Sequential(nn.Dropout(0.2), nn.Linear(3, 1))

    def losses(self, rows: Tensor) -> dict[str, Tensor]:
        return {"square": ((self.module(self.x[rows])[:, 0] - self.y[rows]) ** 2).mean()}

    def batches(self, epoch: int) -> list[Tensor]:
        order = np.random.default_rng((7, epoch)).permutation(len(self.x))
        return list(torch.split(torch.from_numpy(order), 8))

    def judge(self) -> dict[str, float]:
        with torch.no_grad():
            return {"square": self.losses(torch.arange(len(self.x)))["square"].item()}

    def fit(
        self,
        options: DescentOptions = OPTIONS,
        checkpoint: Path | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[Epoch]:
        return descend(
            self.module,
            batches=self.batches,
            losses=self.losses,
            judge=self.judge,
            options=options,
            seed=3,
            checkpoint=checkpoint,
            advance=advance,
        )

    def weights(self) -> list[float]:
        return [value for each in self.module.parameters() for value in each.flatten().tolist()]


def killed_after(steps: int) -> Callable[[int], None]:
    seen = count(1)

    def advance(done: int) -> None:
        if done and next(seen) == steps:
            raise Killed

    return advance


@pytest.mark.parametrize("at", [1, 3, 7, 8, 9, 20, 31])
def test_killed_and_called_again_it_ends_with_the_same_weights(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "SAVE_EVERY", 3)
    calm = Line()
    history = calm.fit()
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        Line().fit(checkpoint=checkpoint, advance=killed_after(at))
    again = Line()
    steps: list[int] = []
    assert again.fit(checkpoint=checkpoint, advance=steps.append) == history
    assert again.weights() == calm.weights()
    assert sum(steps) == 32, "steps from before the kill count as done"
    assert len(steps) <= 33 - max(0, at // 3 * 3 - 2), "what the checkpoint holds is not done again"


def test_a_run_that_ended_is_not_run_again(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    first = Line()
    history = first.fit(checkpoint=checkpoint)
    again = Line(seed=1)
    assert again.fit(checkpoint=checkpoint, advance=killed_after(2)) == history
    assert again.weights() == first.weights()


def test_a_checkpoint_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    assert load_checkpoint(checkpoint) is None
    checkpoint.write_bytes(b"half a che")
    assert load_checkpoint(checkpoint) is None
    calm, other = Line(), Line()
    calm.fit()
    other.fit(checkpoint=checkpoint)
    assert other.weights() == calm.weights()


def test_a_checkpoint_holds_tensors_and_state(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "folder" / "file", {"a": torch.arange(3)}, {"epoch": 2, "losses": [0.1, 1 / 3]})
    found = load_checkpoint(tmp_path / "folder" / "file")
    assert found is not None
    assert found[0]["a"].tolist() == [0, 1, 2]
    assert found[1] == {"epoch": 2, "losses": [0.1, 1 / 3]}
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["file"]


def test_parts_of_a_step_add_up_to_the_step() -> None:
    def plain(line: Line) -> Line:
        line.module[0] = nn.Dropout(0.0)
        return line

    whole, parts = plain(Line()), plain(Line())
    whole.fit()
    history = parts.fit(replace(OPTIONS, accumulate=3))
    assert parts.weights() == pytest.approx(whole.weights(), abs=1e-5)
    assert len(history) == 4


def test_the_best_epoch_is_kept_and_patience_ends_it() -> None:
    line = Line()
    losses = iter([3.0, 1.0, 2.0, 2.5, 0.5])
    weights: list[list[float]] = []

    def judge() -> dict[str, float]:
        weights.append(line.weights())
        return {"square": next(losses)}

    history = descend(
        line.module,
        batches=line.batches,
        losses=line.losses,
        judge=judge,
        options=replace(OPTIONS, epochs=5, patience=2),
        seed=3,
    )
    assert [epoch.loss for epoch in history] == [3.0, 1.0, 2.0, 2.5]
    assert line.weights() == weights[1]
    assert not line.module.training


def test_the_rate_rises_then_falls() -> None:
    line, rates = Line(), {}
    descend(
        line.module,
        batches=line.batches,
        losses=line.losses,
        judge=line.judge,
        options=replace(OPTIONS, epochs=20, patience=20, warm_up=0.25),
        seed=3,
        log=lambda name, value, step: rates.update({step: value}) if name == "learning_rate" else None,
    )
    assert rates[10] == pytest.approx(0.05 * 10 / 40)
    assert rates[40] == pytest.approx(0.05)
    assert rates[160] < 1e-4
    assert max(rates.values()) <= 0.05


def test_torchs_generator_is_as_before() -> None:
    state = torch.random.get_rng_state()
    Line().fit()
    assert torch.equal(torch.random.get_rng_state(), state)
