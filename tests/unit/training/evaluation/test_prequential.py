from typing import Any

import numpy as np
import pytest

from contento.training.evaluation import prequential
from contento.training.evaluation.prequential import COLD, evaluate_prequential, slices
from contento.training.evaluation.ratings import Ratings


@pytest.fixture(scope="module")
def judged(planted: Ratings) -> dict[str, Any]:
    return evaluate_prequential(planted)


def test_ours_beats_every_baseline_in_the_same_pass(judged: dict[str, Any]) -> None:
    assert list(judged) == ["contento", "mean", "bias", "river_biased_mf"]
    ours = judged["contento"]
    assert ours["rmse"] < min(judged[name]["rmse"] for name in ("bias", "river_biased_mf")) - 0.03
    assert judged["bias"]["rmse"] < judged["mean"]["rmse"]
    assert all(figures["n"] == 1500 and figures["seconds"] > 0 for figures in judged.values())


def test_intervals_hold_nine_of_ten(judged: dict[str, Any]) -> None:
    assert judged["contento"]["coverage"] == pytest.approx(0.9, abs=0.02)
    assert 1 < judged["contento"]["width"] < 3.5


def test_slices_are_by_what_was_seen_before(planted: Ratings, judged: dict[str, Any]) -> None:
    found = slices(planted)
    for position in (0, 200, 700):
        case = planted.cases[position]
        before = sum(other.user == case.user for other in planted.cases[:position])
        assert found["cold_users"][position] == (before < COLD)
    assert found["cold_users"].sum() == 40 * COLD
    assert found["cold_items"].sum() == 50 * COLD
    assert not (found["warm"] & (found["cold_users"] | found["cold_items"])).any()
    for figures in judged.values():
        assert figures["slices"]["cold_users"]["n"] == 40 * COLD


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

    monkeypatch.setattr(prequential, "our_model", lambda ratings, seed: Watched())
    monkeypatch.setattr(prequential, "baseline_models", lambda ratings: {"watched": Watched()})
    found = evaluate_prequential(planted)
    once = [(kind, index) for index in range(1500) for kind in ("predict", "learn")]
    assert calls == once * 2
    assert found["watched"]["mae"] == pytest.approx(np.abs(planted.ratings - 3).mean())
