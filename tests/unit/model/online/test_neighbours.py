import numpy as np
import pytest

from contento.model.online.neighbours import Neighbours


def taught() -> Neighbours:
    """Items 0 and 1 please the same users, item 2 the others; 40 users have rated all three."""
    found = Neighbours(near=4, over=60)
    for user in range(40):
        residual = 1.0 if user % 2 else -1.0
        for item, sign in ((0, 1), (1, 1), (2, -1)):
            found.learn(item, user, sign * residual)
    return found


def test_nothing_is_said_without_a_history() -> None:
    assert not taught().predict(0, 50).any()


@pytest.mark.parametrize(("liked", "sign"), [(1, 1), (2, -1)])
def test_what_goes_together_speaks_for_and_what_does_not_against(liked: int, sign: int) -> None:
    found = taught()
    found.learn(liked, 50, 1.0)
    values = found.predict(0, 50)
    assert (sign * values[:3] > 0.4).all()
    assert values[3] == pytest.approx(40 / 60)


def test_an_item_that_shares_nobody_has_no_say() -> None:
    found = taught()
    found.learn(3, 50, 1.0)
    assert not found.predict(0, 50).any()


def test_a_refit_on_the_same_residuals_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    near, over, residual = rng.integers(6, size=80), np.arange(80) % 9, rng.normal(size=80)
    pairs = list(dict.fromkeys(zip(near.tolist(), over.tolist(), strict=True)))
    near, over = np.array(pairs).T
    stepped, refitted = Neighbours(near=6, over=9), Neighbours(near=6, over=9)
    for each in zip(near, over, residual[: len(pairs)], strict=True):
        stepped.learn(*each)
    refitted.refit(near, over, residual[: len(pairs)])
    for item in range(6):
        for user in range(9):
            # Steps count no item as a neighbour of itself; nobody rates what they have rated.
            if (item, user) not in pairs:
                np.testing.assert_allclose(stepped.predict(item, user), refitted.predict(item, user), atol=1e-5)


def test_only_the_nearest_count_among_many() -> None:
    found = Neighbours(near=40, over=200)
    for user in range(100):
        found.learn(0, user, 1.0)
        for item in range(1, 40):
            found.learn(item, user, 1.0 if item <= 20 else 0.1)
    for item in range(1, 40):
        found.learn(item, 150, 1.0 if item <= 20 else -3.0)
    all_of_them, few, squared, _ = found.predict(0, 150)
    assert all_of_them < squared < few
