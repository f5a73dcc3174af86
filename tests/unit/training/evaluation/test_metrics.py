import numpy as np
import pytest

from contento.training.evaluation.metrics import by_slice, errors, intervals

PREDICTED, RATINGS = np.array([3.0, 4.0, 1.0, 5.0]), np.array([3.0, 2.0, 2.0, 5.0])


def test_errors() -> None:
    assert errors(PREDICTED, RATINGS) == {"rmse": pytest.approx(np.sqrt(5 / 4)), "mae": pytest.approx(0.75)}


def test_ends_of_an_interval_are_inside() -> None:
    ends = np.array([[3.0, 4.0], [1.0, 1.9], [1.0, 5.0], [4.0, 5.0]])
    assert intervals(ends, RATINGS) == {"coverage": 0.75, "width": pytest.approx((1 + 0.9 + 4 + 1) / 4)}


def test_slices_without_ratings_are_left_out() -> None:
    slices = {"first": np.array([True, True, False, False]), "none": np.zeros(4, bool)}
    assert by_slice(PREDICTED, RATINGS, slices) == {
        "first": {"n": 2, "rmse": pytest.approx(np.sqrt(2)), "mae": pytest.approx(1.0)}
    }
