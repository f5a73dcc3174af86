import json

import pytest
from typer.testing import CliRunner

from contento.cli import main

WORLD = "simulated:steady?events=20000&users=200&items=80&seed=5"
METRICS = {"rmse", "mae", "n", "seconds", "slices"}


def evaluate(*arguments: str) -> tuple[str, str]:
    shown = CliRunner().invoke(main.app, ["evaluate", *arguments], prog_name="contento")
    assert shown.exit_code == 0, (shown.output, shown.exception)
    return shown.stdout, shown.stderr


def test_prequential_ends_with_one_object() -> None:
    said, shown = evaluate("prequential", "--data", WORLD, "--json")
    found = json.loads(said.splitlines()[-1])
    assert list(found) == ["data", "n", "seconds", "contento", "mean", "bias", "river_biased_mf"]
    assert found["data"] == WORLD
    assert found["n"] == found["contento"]["n"] > 1000
    assert found["contento"].keys() == METRICS | {"coverage", "width"}
    assert found["bias"].keys() == METRICS
    assert found["contento"]["rmse"] < found["bias"]["rmse"] < found["mean"]["rmse"]
    assert found["contento"]["coverage"] == pytest.approx(0.9, abs=0.02)
    assert shown.count("river_biased_mf") == 3  # in the progress and in both tables


def test_a_limit_and_a_table_for_people() -> None:
    said, _ = evaluate("prequential", "--data", WORLD, "--limit", "2000")
    assert "each predicted before it is learned" in " ".join(said.split())
    assert "{" not in said


def test_static_ends_with_one_object() -> None:
    said, _ = evaluate("static", "--data", WORLD, "--split", "random:0.8", "--seed", "1", "--json")
    found = json.loads(said.splitlines()[-1])
    assert list(found) == ["data", "n", "seconds", "contento", "mean", "bias", "matrix_factorisation"]
    assert found["contento"].keys() == METRICS
    assert found["contento"]["rmse"] < found["bias"]["rmse"] < found["mean"]["rmse"]
