import numpy as np
import pytest

from contento.model.correction import steps
from contento.model.correction.members import ITEM, USER, let_time_pass, prior_mean, prior_triangles
from contento.model.correction.steps import MEMBERS, WIDTH

DAY_MS = 24 * 3600 * 1000


def square(triangle: np.ndarray) -> np.ndarray:
    found = np.zeros((WIDTH, WIDTH))
    found[np.triu_indices(WIDTH)] = triangle
    return found + np.triu(found, 1).T


def test_steps_against_a_fixed_side_are_the_regression_on_all_ratings_at_once() -> None:
    rng = np.random.default_rng(1)
    items = [prior_mean(ITEM, f"i{n}") * 3 for n in range(30)]
    ratings = rng.uniform(1, 5, 30)
    mean, triangles = prior_mean(USER, "u"), prior_triangles(USER)
    for item, rating in zip(items, ratings, strict=True):
        steps.step(mean, item.copy(), triangles, prior_triangles(ITEM), float(rating))
    for member in (0, 1, MEMBERS - 1):
        rows = np.array([np.concatenate([[1], item[member, 1:]]) for item in items])
        targets = ratings - steps.CENTRE - np.array([item[member, 0] for item in items])
        precision = np.linalg.inv(square(prior_triangles(USER)[member])) + rows.T @ rows / steps.NOISE
        assert mean[member] == pytest.approx(np.linalg.solve(precision, rows.T @ targets / steps.NOISE), abs=2e-3)
        assert square(triangles[member]) == pytest.approx(np.linalg.inv(precision), abs=1e-4)


def test_both_sides_step_against_the_other_as_it_was() -> None:
    item = prior_mean(ITEM, "i")
    swapped, fresh = item.copy(), np.zeros_like(item)
    user, triangles = np.zeros_like(item), (prior_triangles(USER), prior_triangles(ITEM))
    steps.step(user, item, *triangles, 5.0)
    triangles = (prior_triangles(ITEM), prior_triangles(USER))
    steps.step(swapped, fresh, *triangles, 5.0)
    assert np.array_equal(user, fresh)
    assert np.array_equal(item, swapped)


def test_what_was_learned_long_ago_is_half_as_sure() -> None:
    prior, known = prior_triangles(USER), prior_triangles(USER) / np.float32(2)
    let_time_pass(USER, known, 5, 10)
    assert known == pytest.approx(prior / 2), "within a day nothing fades"
    let_time_pass(USER, known, 0, 180 * DAY_MS)
    assert known == pytest.approx(prior * 0.75)


def test_the_first_member_knows_biases_only_and_others_differ() -> None:
    item = prior_mean(ITEM, "i")
    assert np.abs(item[0, 1:]).max() < 1e-4
    assert len({member.tobytes() for member in item}) == MEMBERS
    assert np.array_equal(item, prior_mean(ITEM, "i"))
    assert item.shape == (MEMBERS, WIDTH)
