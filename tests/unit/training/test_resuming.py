"""Training that is killed anywhere and called again."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch
from own_texts import OwnTexts
from tiny_encoders import write_tiny_encoder

from contento.model.config import EncoderConfig
from contento.model.threads import one_thread
from contento.training import descent
from contento.training.text.tuning import TuneOptions
from contento.training.train import RUNS, TrainOptions, train
from contento.training.train_fit import FitOptions


class Killed(BaseException):
    pass


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(descent, "SAVE_EVERY", 4)
    with one_thread():
        yield


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> TrainOptions:
    reference = str(write_tiny_encoder(tmp_path_factory.mktemp("encoder"), layers=3))
    return TrainOptions(
        seed=5,
        encoder=EncoderConfig(reference=reference, max_length=24),
        tune=TuneOptions(epochs=2, patience=2, upper=2, rank=2, language=1, runs=2, learning_rate=1e-2),
        fit=FitOptions(epochs=3, batch=64),
    )


def stages(out: Path, options: TrainOptions, kill: int = 0) -> list[str]:
    """Train; return the stage of each report, or be killed at the given one."""
    seen: list[str] = []
    number = count(1)

    def report(stage: str, _done: int, _total: int | None) -> None:
        if next(number) == kill:
            raise Killed
        seen.append(stage)

    train([OwnTexts()], out, options, report)
    return seen


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_ends_with_the_same_bundle(options: TrainOptions, tmp_path: Path) -> None:
    calm = tmp_path / "calm"
    seen = stages(calm, options)
    (bundle,) = [path.name for path in calm.iterdir() if len(path.name) == 64]
    kinds = list(dict.fromkeys(seen))
    assert kinds == ["survey", "rows", "language", "lower layers", "adapter 1", "adapter 2", "texts", "network"]
    for stage in kinds[2:]:
        within = seen.index(stage) + max(1, seen.count(stage) // 2)
        out = tmp_path / stage
        with pytest.raises(Killed):
            stages(out, options, kill=within)
        assert not [path for path in out.iterdir() if len(path.name) == 64]
        rest = stages(out, options)
        assert (out / bundle).is_dir(), f"killed within {stage}, it ended with another bundle"
        assert not list((out / RUNS).glob("*/checkpoints")), "checkpoints go when they are no longer needed"
        if stage == "adapter 2":
            assert rest.count("adapter 1") <= 1, "an adapter that is done is not fitted again"


def test_mixed_precision_trains_a_whole_bundle(
    options: TrainOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "_mixed_precision", lambda _: lambda: torch.autocast("cpu", torch.bfloat16))
    stages(tmp_path, options)
    assert [path for path in tmp_path.iterdir() if len(path.name) == 64]


def test_other_options_are_another_training(options: TrainOptions, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        stages(tmp_path, options, kill=620)
    stages(tmp_path, replace(options, tune=replace(options.tune, language=0, runs=1)))
    assert len(list((tmp_path / RUNS).iterdir())) == 2
