import numpy as np
import pytest

from contento.training.evaluation.groups import LEAST_ROWS, NO_VALUE, by_group
from contento.training.evaluation.metrics import Judgement, Predicted, Truth


def judged(scale: np.ndarray, seed: int = 0) -> Judgement:
    """Predictions of 3 stars whose errors have the scale of each row."""
    error = np.random.default_rng(seed).normal(0, 1, len(scale)) * scale
    return Judgement(Predicted(rating=np.full(len(scale), 3.0)), Truth.of_ratings(3 + error))


def test_a_group_that_is_treated_worse_is_found_and_sure() -> None:
    names = np.array(["a", "b", "c"] * 200, object)
    found = by_group(judged(np.where(names == "b", 0.9, 0.5)), {"letter": names})["letter"]
    gap = found["gaps"]["rmse"]
    assert gap["highest"] == "b"
    assert gap["gap"] == pytest.approx(0.4, abs=0.1)
    assert gap["low"] < gap["gap"] < gap["high"]
    assert gap["low"] > 0.2
    assert gap["gap"] > 2 * gap["by_chance"]
    assert found["groups"]["b"]["rmse"] - found["groups"][gap["lowest"]]["rmse"] == pytest.approx(gap["gap"])


def test_gaps_of_groups_that_are_all_alike_are_what_chance_gives() -> None:
    names = np.array([f"g{each % 20}" for each in range(2000)], object)
    gaps = [by_group(judged(np.full(2000, 0.7), seed), {"g": names})["g"]["gaps"]["mae"] for seed in range(5)]
    assert sum(gap["gap"] > gap["by_chance"] for gap in gaps) <= 1


def test_small_groups_have_figures_but_make_no_gap() -> None:
    names = np.array(["big"] * 200 + ["other"] * LEAST_ROWS + ["few"] * (LEAST_ROWS - 1), object)
    scale = np.where(names == "few", 9.0, 0.5)
    found = by_group(judged(scale), {"size": names})["size"]
    assert list(found["groups"]) == ["big", "other", "few"]
    assert {found["gaps"]["rmse"]["lowest"], found["gaps"]["rmse"]["highest"]} == {"big", "other"}
    alone = by_group(judged(scale), {"size": np.where(names == "other", "big", names)})["size"]
    assert alone["gaps"] == {}


def test_rows_without_the_attribute_are_a_group_of_their_own() -> None:
    names = np.array(["a", ""] * 60, object)
    assert by_group(judged(np.ones(120)), {"x": names})["x"]["groups"].keys() == {"a", NO_VALUE}


def test_macro_f1_has_a_gap_and_the_same_seed_gives_the_same() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=300)
    names = np.array(["a", "b"] * 150, object)
    guess = np.where((names == "b") & (rng.random(300) < 0.5), (labels + 1) % 3, labels)
    judgement = Judgement(Predicted(labels=np.eye(3)[guess]), Truth(ratings=np.full(300, np.nan), labels=labels))
    one, two = (by_group(judgement, {"x": names}, seed=4) for _ in range(2))
    assert one == two
    gap = one["x"]["gaps"]["macro_f1"]
    assert (gap["lowest"], gap["highest"]) == ("b", "a")
    assert one["x"]["groups"]["a"]["macro_f1"] == 1
    assert 0.3 < gap["low"] < gap["gap"] < gap["high"] < 0.7
