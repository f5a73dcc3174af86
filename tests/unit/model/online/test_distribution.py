import numpy as np
import pytest

from contento.model.online.distribution import StarDistribution


def test_it_starts_as_a_rounded_normal_distribution() -> None:
    stars = StarDistribution()
    sharp, flat = stars.distribution(3.0, 0.4), stars.distribution(3.0, 2.0)
    assert sharp.sum() == pytest.approx(1)
    assert sharp == pytest.approx(sharp[::-1])
    assert sharp[2] == pytest.approx(0.789, abs=1e-3)
    assert flat[2] < 0.3
    assert stars.distribution(5.0, 0.01)[4] == pytest.approx(1)


def test_it_learns_stars_that_are_rarely_given_and_how_wide_errors_are() -> None:
    """Ratings are of a quality of spread .5 that is told as 1; a 2 is given only from 2 to 2.2."""
    stars, rng = StarDistribution(), np.random.default_rng(0)
    edges = np.array([2.0, 2.2, 3.5, 4.5])
    expected = rng.uniform(1, 5, 30_000)
    given = 1 + np.searchsorted(edges, expected + rng.normal(0, 0.5, 30_000))
    first_of_rare = stars.distribution(2.1, 1.0)
    first = [stars.distribution(mean, 1.0) for mean in expected[:500].tolist()]
    for mean, star in zip(expected.tolist(), given.tolist(), strict=True):
        stars.learn(mean, 1.0, float(star))
    found = stars.distribution(2.1, 1.0)
    assert found[1] < 0.3 < first_of_rare[1]
    assert found[0] == pytest.approx(0.42, abs=0.1)
    last = [stars.distribution(mean, 1.0) for mean in expected[:500].tolist()]
    surprise = [-np.log([each[star - 1] for each, star in zip(when, given, strict=False)]) for when in (first, last)]
    assert surprise[1].mean() < surprise[0].mean() - 0.2


def test_absurd_ratings_leave_a_distribution() -> None:
    stars = StarDistribution()
    for _ in range(2_000):
        stars.learn(1.0, 0.01, 5.0)
        stars.learn(5.0, 0.01, 1.0)
    found = stars.distribution(3.0, 0.5)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1)
