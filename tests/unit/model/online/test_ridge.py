import numpy as np
import pytest

from contento.model.online.case import Case, Past
from contento.model.online.ridge import Prior, RidgeFactors


def planted(ratings: int = 3000, seed: int = 0) -> list[tuple[int, int, float]]:
    """Ratings of 40 users for 50 items from planted biases and vectors of rank 2, with noise of .5."""
    rng = np.random.default_rng(seed)
    users, items = rng.normal(0, 0.5, (40, 3)), rng.normal(0, 1, (50, 3))
    found = []
    for user, item in zip(rng.integers(40, size=ratings), rng.integers(50, size=ratings), strict=True):
        expected = 3.5 + users[user, 0] + items[item, 0] / 3 + users[user, 1:] @ items[item, 1:]
        found.append((int(user), int(item), float(expected + rng.normal(0, 0.5))))
    return found


def made(*priors: Prior) -> RidgeFactors:
    return RidgeFactors(users=40, items=50, priors=priors, seed=1)


def past_of(ratings: list[tuple[int, int, float]]) -> Past:
    past = Past()
    for user, item, rating in ratings:
        past.append(Case(user=user, item=item, time=0), rating)
    return past


def rmse(model: RidgeFactors, ratings: list[tuple[int, int, float]]) -> float:
    return float(np.sqrt(np.mean([(model.predict(user, item)[0][-1] - rating) ** 2 for user, item, rating in ratings])))


def test_a_step_is_the_exact_ridge_regression_over_all_ratings_of_a_user() -> None:
    prior = Prior(rank=3, vector=0.2)
    model = made(prior)
    items = list(range(12))
    before = model._mean[1].copy()
    ratings = np.random.default_rng(3).integers(1, 6, 12).astype(float)
    for item, rating in zip(items, ratings, strict=True):
        model.learn(7, item, rating)
    rows = before[items, 0].copy()
    target = ratings - model.centre - rows[:, 0]
    rows[:, 0] = 1
    precision = np.diag(1 / np.array([prior.user_bias] + [prior.vector] * 3)) + rows.T @ rows / prior.noise
    expected = np.linalg.solve(precision, rows.T @ target / prior.noise)
    np.testing.assert_allclose(model._mean[0][7, 0], expected, atol=1e-9)
    np.testing.assert_allclose(model._covariance[0][7, 0], np.linalg.inv(precision), atol=1e-9)


def test_a_refit_of_biases_is_ridge_regression_of_each_side_given_the_other() -> None:
    ratings = planted(500)
    model = made(Prior(rank=0))
    model.refit(past_of(ratings), sweeps=60)
    centre, (users, items) = model.centre, (each[:, 0, 0] for each in model._mean)
    assert centre == pytest.approx(np.mean([rating for *_, rating in ratings]))
    of_user = [(item, rating) for user, item, rating in ratings if user == 5]
    expected = sum(rating - centre - items[item] for item, rating in of_user) / (len(of_user) + 0.85 / 0.2)
    assert users[5] == pytest.approx(expected, abs=1e-4)


def test_refits_find_planted_vectors_that_biases_cannot_explain() -> None:
    ratings = planted(3400)
    learned, later = ratings[:3000], ratings[3000:]
    biases, vectors = made(Prior(rank=0)), made(Prior(rank=4, vector=0.3, noise=0.25))
    for model in (biases, vectors):
        model.refit(past_of(learned), sweeps=15)
    assert rmse(vectors, later) < 0.62
    assert rmse(biases, later) > 0.72


def test_steps_without_refits_learn_too() -> None:
    ratings = planted(3400)
    model = made(Prior(rank=4, vector=0.3, noise=0.25))
    before = rmse(model, ratings[3000:])
    for user, item, rating in ratings[:3000]:
        model.learn(user, item, rating)
    assert rmse(model, ratings[3000:]) < before - 0.25


def test_members_do_not_disturb_each_other() -> None:
    ratings = planted(400)
    priors = (Prior(rank=0), Prior(rank=2, vector=0.3))
    both, alone = made(*priors), made(priors[0])
    for model in (both, alone):
        for user, item, rating in ratings[:200]:
            model.learn(user, item, rating)
        model.refit(past_of(ratings))
    for user, item, _ in ratings[:50]:
        assert both.predict(user, item)[0][0] == pytest.approx(alone.predict(user, item)[0][0], abs=1e-6)


def test_who_has_rated_more_is_less_uncertain_and_predicting_changes_nothing() -> None:
    model = made(Prior(rank=2))
    for item in range(10):
        model.learn(0, item, 4.0)
    known, unknown = model.predict(0, 20)[1], model.predict(1, 20)[1]
    assert known < unknown
    means, covariances = [each.copy() for each in model._mean], [each.copy() for each in model._covariance]
    model.predict(3, 3)
    for side in (0, 1):
        assert np.array_equal(means[side], model._mean[side])
        assert np.array_equal(covariances[side], model._covariance[side])
