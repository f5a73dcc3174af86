import math
from itertools import pairwise

import pytest

from contento.model.correction.tilt import mean_of, tilted, variance_of

SKEWED = [0.1, 0.05, 0.15, 0.3, 0.4]


@pytest.mark.parametrize("mean", [1.2, 2.0, 3.0, mean_of(SKEWED), 4.5, 4.9])
def test_the_mean_is_as_wanted_and_odds_change_by_one_factor_a_star(mean: float) -> None:
    found = tilted(SKEWED, mean)
    assert sum(found) == pytest.approx(1)
    assert mean_of(found) == pytest.approx(mean, abs=1e-3)
    factors = [after / before for after, before in zip(found, SKEWED, strict=True)]
    steps = [later / earlier for earlier, later in pairwise(factors)]
    assert steps == pytest.approx([steps[0]] * 4)


def test_to_tilt_twice_is_to_tilt_once() -> None:
    assert tilted(tilted(SKEWED, 2.0), 4.0) == pytest.approx(tilted(SKEWED, 4.0), abs=1e-3)


@pytest.mark.parametrize("mean", [1.0, 5.0])
def test_at_the_ends_of_the_scale_all_is_finite(mean: float) -> None:
    found = tilted([0.0, 0.0, 1.0, 0.0, 0.0], mean)
    assert all(math.isfinite(p) and p >= 0 for p in found)
    assert mean_of(found) == pytest.approx(mean, abs=0.05)


def test_the_variance_is_that_of_the_stars() -> None:
    assert variance_of([0.5, 0, 0, 0, 0.5]) == pytest.approx(4)
    assert variance_of([0, 0, 1, 0, 0]) == pytest.approx(0)
