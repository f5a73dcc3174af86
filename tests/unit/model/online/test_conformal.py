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


@pytest.mark.parametrize(
    ("scales", "shifts"),
    [((0.3, 0.9), (0.0, 0.0)), ((0.3, 0.3), (0.0, 2.0)), ((0.9, 0.3), (0.0, 0.0)), ((0.3, 0.9, 0.3), (0.0, 1.0, -1.0))],
)
def test_every_window_holds_through_an_abrupt_shift_of_scale_and_place(
    scales: tuple[float, ...], shifts: tuple[float, ...]
) -> None:
    """A step that does not follow the errors, .05 of a spread throughout, leaves a window of .85."""
    rng = np.random.default_rng(5)
    phase = np.repeat(np.arange(len(scales)), 5000)
    ratings = np.clip(3 + np.array(shifts)[phase] + rng.normal(0, 1, len(phase)) * np.array(scales)[phase], 1, 5)
    interval, inside = AdaptiveInterval(), []
    for rating in ratings.tolist():
        low, high = interval.interval(3.0, 0.3)
        inside.append(low <= rating <= high)
        interval.learn(3.0, 0.3, rating)
    total = np.cumsum([0, *inside])
    windows = (total[2000:] - total[:-2000]) / 2000
    assert windows.min() > 0.87
    assert windows.max() < 0.93


def test_ends_stay_on_the_scale_and_grow_with_the_spread() -> None:
    interval = AdaptiveInterval()
    low, high = interval.interval(4.9, 2.0)
    assert low == pytest.approx(4.9 - 3.29)
    assert high == 5.0
    narrow, wide = interval.interval(3, 0.2), interval.interval(3, 0.4)
    assert wide[0] < narrow[0] < 3 < narrow[1] < wide[1]
    assert interval.interval(1.0, 9.0) == (1.0, 5.0)
