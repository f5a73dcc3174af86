from typing import Any

import numpy as np
import pytest

from contento.training.evaluation import prequential_ids
from contento.training.evaluation.prequential_ids import evaluate_prequential_ids, running_shares
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.slices import COLD


@pytest.fixture(scope="module")
def judged(planted: Ratings) -> dict[str, Any]:
    return evaluate_prequential_ids(planted, groups=["item"])


def test_ours_beats_every_baseline_in_the_same_pass(judged: dict[str, Any]) -> None:
    assert list(judged) == ["contento", "live", "mean", "bias", "river_biased_mf"]
    ours = judged["contento"]
    assert ours["rmse"] < min(judged[name]["rmse"] for name in ("bias", "river_biased_mf")) - 0.03
    assert judged["bias"]["rmse"] < judged["mean"]["rmse"]
    assert all(figures["n"] == 1500 and figures["seconds"] > 0 for figures in judged.values())


def test_what_runs_live_is_near_and_its_intervals_hold(judged: dict[str, Any]) -> None:
    live = judged["live"]
    assert live["rmse"] < min(judged[name]["rmse"] for name in ("bias", "river_biased_mf")) - 0.02
    assert live["coverage"] == pytest.approx(0.9, abs=0.02)
    assert live["log_loss"] < judged["mean"]["log_loss"] - 0.2


def test_intervals_hold_nine_of_ten(judged: dict[str, Any]) -> None:
    assert judged["contento"]["coverage"] == pytest.approx(0.9, abs=0.02)
    assert 1 < judged["contento"]["width"] < 3.5


def test_slices_are_by_what_was_seen_before(judged: dict[str, Any]) -> None:
    for figures in judged.values():
        slices = figures["slices"]
        assert slices["cold_users"]["n"] == 40 * COLD
        assert slices["cold_items"]["n"] == 50 * COLD
        assert slices["new_items"]["n"] == 50
        assert 1500 - 90 * COLD <= slices["warm"]["n"] <= 1500 - 50 * COLD
        assert {"rmse", "mae", "accuracy"} <= slices["warm"].keys()


def test_the_distribution_says_more_than_how_frequent_the_stars_were(judged: dict[str, Any]) -> None:
    assert judged["contento"]["log_loss"] < judged["mean"]["log_loss"] - 0.2
    assert judged["contento"]["ece"] < 0.1
    assert "log_loss" not in judged["bias"]


def test_windows_and_groups_come_with_ours_only(judged: dict[str, Any]) -> None:
    assert judged["contento"]["coverage_windows"] == {"size": 2000, "n": 0}
    items = judged["contento"]["groups"]["item"]
    assert len(items["groups"]) == 50
    assert sum(figures["n"] for figures in items["groups"].values()) == 1500
    assert not {"groups", "coverage_windows"} & judged["bias"].keys()


def test_shares_are_of_what_came_before() -> None:
    assert running_shares(np.array([1, 1, 0]), 2).tolist() == [[1 / 2, 1 / 2], [1 / 3, 2 / 3], [1 / 4, 3 / 4]]


def test_every_model_is_asked_before_it_is_told(monkeypatch: pytest.MonkeyPatch, planted: Ratings) -> None:
    calls: list[tuple[str, int]] = []

    class Watched:
        def predict(self, case: Any) -> float:
            calls.append(("predict", int(case.time)))
            return 3.0

        def learn(self, case: Any, rating: float) -> None:
            assert rating == planted.ratings[int(case.time)]
            calls.append(("learn", int(case.time)))

        def spread(self, case: Any) -> float:
            return 1.0

    monkeypatch.setattr(prequential_ids, "our_model", lambda ratings, seed: Watched())
    monkeypatch.setattr(prequential_ids, "baseline_models", lambda ratings: {"watched": Watched()})
    found = evaluate_prequential_ids(planted)
    once = [(kind, index) for index in range(1500) for kind in ("predict", "learn")]
    assert calls == once * 2
    assert found["watched"]["mae"] == pytest.approx(np.abs(planted.ratings - 3).mean())
