import numpy as np
import pytest

from contento.model.online.distribution import ErrorScale, rating_distribution


def test_it_is_a_distribution_round_what_is_expected_and_wider_with_the_spread() -> None:
    found = rating_distribution(np.array([3.0, 3.0, 4.4]), np.array([0.4, 2.0, 0.6]))
    assert found.sum(1) == pytest.approx(1)
    assert (found > 0).all()
    assert found.argmax(1).tolist() == [2, 2, 3]
    assert found[0, 2] > 0.75
    assert found[1, 2] < 0.3
    assert found[0] == pytest.approx(found[0, ::-1])


def test_beyond_the_scale_is_nothing_whatever_the_spread() -> None:
    sure = rating_distribution(np.array([5.0, 1.0]), np.array([0.01, 0.01]))
    assert sure[[0, 1], [4, 0]] == pytest.approx(1)


def test_the_scale_follows_the_errors_and_forgets_old_ones() -> None:
    scale, rng = ErrorScale(), np.random.default_rng(0)
    assert scale.scale() == 1
    for spread in (0.5, 2.0):
        for error in rng.normal(0, spread, 8_000):
            scale.learn(3.0, 1.0, 3.0 + error)
        assert scale.scale() == pytest.approx(spread, rel=0.05)
    for _ in range(50_000):
        scale.learn(3.0, 1.0, 3.0)
    assert scale.scale() == pytest.approx(0.1)
