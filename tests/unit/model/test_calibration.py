import math

import numpy as np
import pytest
from numpy.typing import NDArray

from contento.model.calibration import Calibration, calibrate, moments


def distributions(rng: np.random.Generator, rows: int) -> NDArray[np.float32]:
    logits = rng.normal(size=(rows, 5)) * 1.5
    return np.asarray(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), np.float32)


def draw(rng: np.random.Generator, rating: NDArray[np.float32]) -> list[float]:
    return [float(rng.choice(5, p=row / row.sum()) + 1) for row in rating.astype(np.float64)]


def test_the_stated_coverage_holds_on_new_rows() -> None:
    rng = np.random.default_rng(0)
    known, new = distributions(rng, 2000), distributions(rng, 2000)
    calibration = calibrate(known, np.array(draw(rng, known)), 0.9)
    ends, truth = calibration.interval(new), np.array(draw(rng, new))
    assert ((truth >= ends[:, 0]) & (truth <= ends[:, 1])).mean() == pytest.approx(0.9, abs=0.03)
    assert ends.min() >= 1
    assert ends.max() <= 5
    assert ends.dtype == np.float32


def test_too_few_ratings_give_the_whole_scale() -> None:
    rating = np.full((5, 5), 0.2, np.float32)
    calibration = calibrate(rating, np.full(5, 3.0), 0.9)
    assert math.isinf(calibration.width)
    assert calibration.interval(rating).tolist() == [[1, 5]] * 5
    assert calibrate(rating[:0], np.zeros(0)).width == math.inf


def test_json_and_back() -> None:
    for calibration in (Calibration(coverage=0.8, width=1.25, samples=7), Calibration()):
        assert Calibration.from_json(calibration.as_json()) == calibration
    assert Calibration().as_json()["width"] is None


def test_moments_of_a_certain_rating_keep_a_least_spread() -> None:
    mean, spread = moments(np.array([[0, 0, 0, 1, 0]], np.float32))
    assert mean.tolist() == [4]
    assert spread[0] == pytest.approx(0.25)
