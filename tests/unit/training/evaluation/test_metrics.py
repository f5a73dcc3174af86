import numpy as np
import pytest

from contento.training.evaluation.metrics import (
    Judgement,
    Predicted,
    Truth,
    calibration_error,
    coverage_windows,
    macro_f1,
    stars,
    surprise,
)

PREDICTED, RATINGS = np.array([3.0, 4.0, 1.0, 5.0]), np.array([3.0, 2.0, 2.0, 5.0])
NONE = np.full(4, -1)
SHARES = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])


def test_errors_of_ratings() -> None:
    figures = Judgement(Predicted(rating=PREDICTED), Truth(ratings=RATINGS, labels=NONE)).figures()
    assert figures == {
        "n": 4,
        "rmse": pytest.approx(np.sqrt(5 / 4)),
        "mae": pytest.approx(0.75),
        "accuracy": 0.5,
    }


def test_ends_of_an_interval_are_inside() -> None:
    ends = np.array([[3.0, 4.0], [1.0, 1.9], [1.0, 5.0], [4.0, 5.0]])
    figures = Judgement(Predicted(ends=ends), Truth(ratings=RATINGS, labels=NONE)).figures()
    assert figures == {"n": 4, "coverage": 0.75, "width": pytest.approx((1 + 0.9 + 4 + 1) / 4)}


def test_a_distribution_of_ratings_is_judged_by_the_star() -> None:
    shares = np.array([[0.1, 0.1, 0.6, 0.1, 0.1], [0.2, 0.2, 0.2, 0.3, 0.1]])
    truth = Truth(ratings=np.array([3.0, 1.5]), labels=NONE[:2])
    figures = Judgement(Predicted(rating=np.array([3.2, 3.4]), distribution=shares), truth).figures()
    assert figures["accuracy"] == 0.5
    assert figures["log_loss"] == pytest.approx(-(np.log(0.6) + np.log(0.2)) / 2)
    assert figures["ece"] == pytest.approx((0.4 + 0.3) / 2)
    assert stars(np.array([1.5, 2.49, 4.5, 0.2, 9.0])).tolist() == [2, 2, 5, 1, 5]


def test_labels_take_accuracy_and_log_loss_where_there_are_both() -> None:
    truth = Truth(ratings=np.array([3.0, np.nan, 2.0, np.nan]), labels=np.array([0, 1, 1, -1]))
    both = Predicted(rating=PREDICTED, distribution=np.full((4, 5), 0.2), labels=SHARES)
    figures = Judgement(both, truth).figures()
    assert figures["rmse"] == pytest.approx(np.sqrt(1 / 2))
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["log_loss"] == pytest.approx(-(np.log(0.7) + np.log(0.3) + np.log(0.8)) / 3)
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    without = Judgement(Predicted(rating=PREDICTED), truth).figures()
    assert without.keys() == {"n", "rmse", "mae"}


def test_slices_without_rows_and_metrics_without_truth_are_left_out() -> None:
    truth = Truth(ratings=np.array([3.0, 2.0, np.nan, np.nan]), labels=NONE)
    slices = {
        "first": np.array([True, True, False, False]),
        "unrated": np.array([False, False, True, True]),
        "none": np.zeros(4, bool),
    }
    found = Judgement(Predicted(rating=PREDICTED), truth).by_slice(slices)
    assert found == {
        "first": {"n": 2, "rmse": pytest.approx(np.sqrt(2)), "mae": pytest.approx(1.0), "accuracy": 0.5},
        "unrated": {"n": 2},
    }


def test_macro_f1_by_hand() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert macro_f1(truth, predicted) == pytest.approx((2 / 3 + 0.8 + 0) / 3)


def test_a_sure_mistake_does_not_make_the_log_loss_infinite() -> None:
    assert surprise(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx([-np.log(1e-6)])


def test_the_calibration_error_by_hand() -> None:
    """Two bins: one of .6 and .62 with one hit of two, and one of .9 and 1 with both."""
    confidence, hit = np.array([0.61, 0.9, 0.65, 1.0]), np.array([True, True, False, True])
    assert calibration_error(confidence, hit) == pytest.approx((abs(1.26 - 1) + 0.1) / 4)
    assert calibration_error(np.array([0.5, 1.0]), np.array([False, False]), bins=1) == pytest.approx(0.75)


def test_windows_are_whole_and_follow_each_other() -> None:
    inside = np.array([1, 1, 0, 1, 0, 0, 0], float)
    assert coverage_windows(inside, size=3) == {
        "size": 3,
        "n": 2,
        "min": pytest.approx(1 / 3),
        "max": pytest.approx(2 / 3),
    }
    assert coverage_windows(inside, size=8) == {"size": 8, "n": 0}
