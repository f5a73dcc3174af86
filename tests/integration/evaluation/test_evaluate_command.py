import json

import pytest
from typer.testing import CliRunner

from contento.cli import main
from contento.model.store import default_store

WORLD = "simulated:steady?events=20000&users=200&items=80&seed=5"
METRICS = {"rmse", "mae", "accuracy", "n", "seconds", "slices"}
SHARES = {"log_loss", "ece"}


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def evaluate(*arguments: str) -> tuple[str, str]:
    shown = CliRunner().invoke(main.app, ["evaluate", *arguments], prog_name="contento")
    assert shown.exit_code == 0, (shown.output, shown.exception)
    return shown.stdout, shown.stderr


def test_prequential_ends_with_one_object() -> None:
    said, shown = evaluate("prequential", "--data", WORLD, "--groups", "segment,item", "--json")
    found = json.loads(said.splitlines()[-1])
    assert list(found) == ["data", "n", "seconds", "contento", "live", "mean", "bias", "river_biased_mf"]
    assert found["data"] == WORLD
    assert found["n"] == found["contento"]["n"] > 1000
    assert found["contento"].keys() == METRICS | SHARES | {
        "model",
        "coverage",
        "width",
        "coverage_windows",
        "groups",
    }
    assert found["contento"]["model"] == "online"
    assert found["contento"]["groups"].keys() == {"segment", "item"}
    assert found["contento"]["log_loss"] < found["mean"]["log_loss"]
    assert found["bias"].keys() == METRICS
    assert found["contento"]["rmse"] < found["bias"]["rmse"] < found["mean"]["rmse"]
    assert found["contento"]["coverage"] == pytest.approx(0.9, abs=0.02)
    assert shown.count("river_biased_mf") == 1  # the progress
    assert "worst gap between segment groups" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith("│")) <= 100


def test_a_limit_and_a_table_for_people() -> None:
    said, _ = evaluate("prequential", "--data", WORLD, "--limit", "2000")
    assert "each predicted before it is learned" in " ".join(said.split())
    assert "{" not in said


def test_static_ends_with_one_object() -> None:
    said, _ = evaluate("static", "--data", WORLD, "--split", "random:0.8", "--seed", "1", "--json")
    found = json.loads(said.splitlines()[-1])
    assert list(found) == ["data", "n", "seconds", "contento", "mean", "bias", "matrix_factorisation"]
    assert found["contento"].keys() == METRICS | SHARES | {"model"}
    assert found["contento"]["rmse"] < found["bias"]["rmse"] < found["mean"]["rmse"]


def test_a_bundle_is_judged_with_all_that_it_has() -> None:
    said, shown = evaluate(
        "static",
        "--data",
        "simulated:steady?events=3000&users=60&items=20&seed=5",
        "--bundle",
        str(default_store()),
        "--json",
    )
    found = json.loads(said.splitlines()[-1])
    assert list(found)[3:] == ["contento", "mean", "bias", "matrix_factorisation", "tfidf", "frozen_encoder"]
    ours = found["contento"]
    assert ours["model"] == "bundle"
    assert {"rmse", "mae", "accuracy", "macro_f1", "log_loss", "ece", "coverage", "width"} <= ours.keys()
    assert {"without_text", "without_image", "without_behaviour", "without_factors"} <= ours["slices"].keys()
    assert ours["macro_f1"] > found["mean"]["macro_f1"]
    assert "without factors" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith("│")) <= 100


def test_a_group_that_nobody_has_is_told() -> None:
    shown = CliRunner().invoke(main.app, ["evaluate", "prequential", "--data", WORLD, "--groups", "age"])
    assert shown.exit_code != 0
    assert "--groups age" in str(shown.exception)
