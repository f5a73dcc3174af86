import numpy as np
import pytest

from contento.model.online.case import Case
from contento.model.online.traces import Traces, _bins

CATEGORIES = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
NUMBERS = np.array([[1950.0], [1990.0], [np.nan]])


def made() -> Traces:
    return Traces(users=3, items=3, categories=CATEGORIES, numbers=NUMBERS, values=(2,))


def case(user: int, item: int, time: float, attribute: int = 0) -> Case:
    return Case(user=user, item=item, time=time, attributes=(attribute,))


def test_values_have_their_width_and_asking_changes_nothing() -> None:
    traces = made()
    traces.learn(case(0, 0, 5), 4.0, 0.5)
    first = traces.values(case(0, 1, 9))
    assert first.shape == (traces.width,)
    traces.values(case(1, 2, 9))
    np.testing.assert_array_equal(first, traces.values(case(0, 1, 9)))


def test_means_counts_and_recency() -> None:
    traces = made()
    traces.learn(case(0, 0, 5), 4.0, 0.5)
    traces.learn(case(0, 1, 8), 2.0, -1.0)
    values = traces.values(case(0, 0, 18))
    assert values[:4] == pytest.approx([2, 3.0, 1.0, -0.5 / 7])
    assert values[5:9] == pytest.approx([1, 4.0, 0.0, 0.5 / 6])
    assert values[10:13] == pytest.approx([-1.0, np.log1p(10), np.log1p(13)])
    assert np.isnan(traces.values(case(1, 2, 18))[[1, 6, 11, 12]]).all()


def test_ratings_of_the_same_second_belong_together_and_those_of_another_do_not() -> None:
    traces = made()
    traces.learn(case(0, 0, 5), 4.0, 0.5)
    traces.learn(case(0, 1, 5), 4.0, 0.7)
    assert traces.values(case(0, 2, 5))[13:15] == pytest.approx([2, 1.2 / 3])
    assert traces.values(case(0, 2, 6))[13:15].tolist() == [0, 0]
    traces.learn(case(0, 2, 6), 4.0, 0.1)
    assert traces.values(case(0, 2, 6))[13:15] == pytest.approx([1, 0.1 / 2])


def test_taste_of_a_user_and_of_people_alike() -> None:
    traces = made()
    for _ in range(5):
        traces.learn(case(0, 0, 5, attribute=1), 5.0, 1.0)
    start = traces.width - 3 - 2 - CATEGORIES.shape[1] - 1
    own = traces.values(case(0, 0, 6, attribute=1))
    assert own[start : start + 3] == pytest.approx([0.5, 1, 0])
    assert own[-3:] == pytest.approx([1, 0.5, 0.5])
    assert traces.values(case(0, 1, 6, attribute=1))[start] == 0  # nothing said about the other category
    alike = traces.values(case(1, 0, 6, attribute=1))
    assert (alike[start], *alike[-2:]) == pytest.approx((0, 0.5, 0.5))
    assert traces.values(case(1, 0, 6, attribute=0))[-3:].tolist() == [0, 0, 0]
    assert np.isnan(traces.values(case(1, 0, 6, attribute=-1))[-3:]).all()


def test_taste_by_a_number_of_the_items() -> None:
    traces = made()
    for _ in range(5):
        traces.learn(case(0, 0, 5), 5.0, 1.0)
    at = slice(traces.width - 5, traces.width - 3)
    assert traces.values(case(0, 0, 6))[at] == pytest.approx([1950, 0.5])
    assert traces.values(case(0, 1, 6))[at] == pytest.approx([1990, 0])
    unknown = traces.values(case(0, 2, 6))[at]
    assert np.isnan(unknown[0])
    assert unknown[1] == 0


def test_near_numbers_share_a_bin_and_far_ones_do_not() -> None:
    found = _bins(np.array([1900.0, 1903.0, 1990.0, np.nan, 2000.0]))
    assert found[0] == found[1] < found[2] < found[4] < found[3]
    assert (_bins(np.full(3, np.nan)) == found[3]).all()
