import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from contento.model.bundle import load_bundle
from contento.model.serving import LiveBundles
from contento.model.store import read_live
from contento.training.records import Source
from contento.training.train import Trained, TrainingError, TrainOptions, train
from contento.training.train_fit import FitOptions

OPTIONS = TrainOptions(seed=3, fit=FitOptions(epochs=12, batch=64, learning_rate=3e-3))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, small_world: Source) -> Trained:
    return train([small_world], tmp_path_factory.mktemp("store"), OPTIONS)


def test_it_learns_what_the_world_says(trained: Trained) -> None:
    rating, satisfaction = trained.metrics["rating"], trained.metrics["satisfaction"]
    assert rating["rmse"] < 0.5 * rating["rmse_of_mean"]
    assert satisfaction["macro_f1"] > 0.9 > satisfaction["macro_f1_of_majority"]
    assert satisfaction["accuracy"] > 0.9 > satisfaction["accuracy_of_majority"]
    assert (
        trained.metrics["outcomes"]["purchase"]["log_loss"]
        < trained.metrics["outcomes"]["purchase"]["log_loss_of_rate"]
    )
    assert set(trained.metrics["without"]) == set(trained.metrics["only"]) == {"text", "image", "behaviour", "factors"}
    for tower in ("image", "factors"):
        assert trained.metrics["only"][tower]["rating"]["rmse"] < 0.8 * rating["rmse_of_mean"], tower


def test_the_bundle_is_live_and_says_what_it_was_trained_on(trained: Trained, small_world: Source) -> None:
    store = trained.bundle.path.parent
    assert read_live(store) == {"serving": trained.bundle.hash}
    bundle = load_bundle(trained.bundle.path)
    assert bundle.config.image_encoder == "small-world"
    assert bundle.config.network.outcome_names == ("purchase",)
    training = json.loads((bundle.path / "training.json").read_text())
    assert training["data"] == [small_world.name]
    assert training["rows"] == {"train": 400, "validation": 50, "test": 50}
    assert training["versions"]["torch"] == torch.__version__
    assert json.loads((bundle.path / "metrics.json").read_text()) == trained.metrics
    assert LiveBundles.open(store, device="cpu", arithmetic="float32").bundle_of("serving").hash == bundle.hash


def test_the_same_seed_gives_the_same_bundle(trained: Trained, small_world: Source, tmp_path: Path) -> None:
    state = torch.random.get_rng_state()
    assert train([small_world], tmp_path, OPTIONS).bundle.hash == trained.bundle.hash
    assert torch.equal(torch.random.get_rng_state(), state), "training leaves torch's generator as it was"
    assert train([small_world], tmp_path, replace(OPTIONS, seed=4)).bundle.hash != trained.bundle.hash


def test_too_few_labels_are_an_error(small_world: Source, tmp_path: Path) -> None:
    class Silent:
        name, size = "silent", None
        items = small_world.items

        def records(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return (record for record in small_world.records() if not hasattr(record, "feedback_id"))

    with pytest.raises(TrainingError, match="0 of 1000 events have feedback, at least 200 are needed: give data"):
        train([Silent()], tmp_path, OPTIONS)
    assert not list(tmp_path.iterdir())


def test_the_command_trains_and_tells(tmp_path: Path) -> None:
    import typer  # noqa: PLC0415

    from contento.cli.train import train as command  # noqa: PLC0415

    app = typer.Typer()
    app.command()(command)
    spec = "simulated:steady?events=2500&users=60&items=20&seed=5"
    result = CliRunner().invoke(app, ["--data", spec, "--out", str(tmp_path), "--epochs", "2"])
    assert result.exit_code == 0, result.output
    assert "mean / majority" in result.output
    assert "without text" in result.output
    assert read_live(tmp_path)["serving"] in result.output
