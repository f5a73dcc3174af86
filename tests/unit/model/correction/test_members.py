import numpy as np
import pytest

from contento.model.correction import members
from contento.model.correction.members import ITEM, MEMBERS, USER, WIDTH

DAY_MS = 24 * 3600 * 1000


def test_steps_against_a_fixed_side_are_the_regression_on_all_ratings_at_once() -> None:
    rng = np.random.default_rng(1)
    items = [members.prior_mean(ITEM, f"i{n}") * 3 for n in range(30)]
    ratings = rng.uniform(1, 5, 30)
    mean, covariance = members.prior_mean(USER, "u"), members.prior_covariance(USER)
    for item, rating in zip(items, ratings, strict=True):
        stepped = members.step(np.stack([mean, item]), np.stack([covariance, members.prior_covariance(ITEM)]), rating)
        mean, covariance = stepped[0][USER], stepped[1][USER]
    for member in (0, 1, MEMBERS - 1):
        rows = np.array([np.concatenate([[1], item[member, 1:]]) for item in items])
        targets = ratings - members.CENTRE - np.array([item[member, 0] for item in items])
        prior = np.linalg.inv(members.prior_covariance(USER)[member].astype(float))
        precision = prior + rows.T @ rows / members.NOISE
        assert mean[member] == pytest.approx(np.linalg.solve(precision, rows.T @ targets / members.NOISE), abs=2e-3)
        assert covariance[member] == pytest.approx(np.linalg.inv(precision), abs=1e-4)


def test_covariances_stay_symmetric_to_the_last_bit_and_come_back_from_their_triangles() -> None:
    mean = np.stack([members.prior_mean(USER, "u"), members.prior_mean(ITEM, "i")])
    covariance = np.stack([members.prior_covariance(USER), members.prior_covariance(ITEM)])
    for rating in (1.0, 4.5, 5.0, 2.0):
        mean, covariance = members.step(mean, covariance, rating)
        covariance[USER] = members.faded(USER, covariance[USER], 0, 40 * DAY_MS)
    for side in (USER, ITEM):
        assert np.array_equal(members.unpacked(members.packed(covariance[side])), covariance[side])


def test_what_was_learned_long_ago_is_half_as_sure() -> None:
    known = members.prior_covariance(USER) * np.float32(0.5)
    prior = members.prior_covariance(USER)
    assert members.faded(USER, known, 5, 10) is known, "within a day nothing fades"
    assert members.faded(USER, known, 0, 180 * DAY_MS) == pytest.approx((known + prior) / 2)


def test_the_first_member_knows_biases_only_and_others_differ() -> None:
    item = members.prior_mean(ITEM, "i")
    assert np.abs(item[0, 1:]).max() < 1e-4
    assert len({member.tobytes() for member in item}) == MEMBERS
    assert np.array_equal(item, members.prior_mean(ITEM, "i"))
    assert item.shape == (MEMBERS, WIDTH)
