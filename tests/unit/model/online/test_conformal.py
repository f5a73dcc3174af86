import numpy as np
import pytest

from contento.model.online.conformal import AdaptiveInterval


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.0])
def test_nine_of_ten_are_inside_also_in_every_window_while_the_noise_changes(scale: float) -> None:
    rng = np.random.default_rng(0)
    noise = np.where(np.arange(10_000) < 5000, 0.3, scale)
    interval, inside = AdaptiveInterval(), []
    for each in noise:
        rating = float(np.clip(3 + rng.normal(0, each), 1, 5))
        low, high = interval.interval(3.0, 0.5)
        inside.append(low <= rating <= high)
        interval.learn(3.0, 0.5, rating)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.01)
    for start in range(0, 10_000, 2000):
        assert np.mean(inside[start : start + 2000]) == pytest.approx(0.9, abs=0.03)


def test_ends_stay_on_the_scale_and_grow_with_the_spread() -> None:
    interval = AdaptiveInterval()
    low, high = interval.interval(4.9, 2.0)
    assert low == pytest.approx(4.9 - 3.29)
    assert high == 5.0
    narrow, wide = interval.interval(3, 0.2), interval.interval(3, 0.4)
    assert wide[0] < narrow[0] < 3 < narrow[1] < wide[1]
    assert interval.interval(1.0, 9.0) == (1.0, 5.0)
