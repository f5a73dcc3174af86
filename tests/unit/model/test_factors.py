import numpy as np
import pytest

from contento.contracts.messages import Factors
from contento.model.factors import (
    BIAS_VARIANCE,
    DIMENSIONS,
    HALF_LIFE_MS,
    NOISE_VARIANCE,
    VECTOR_VARIANCE,
    _prior_mean,
    factor_values,
    is_known,
    predicted,
    step,
)
from contento.model.interface import FACTOR_RANK, FACTOR_VALUES


def learn(ratings: list[tuple[str, str, float]], centre: float = 3.0) -> tuple[dict[str, Factors], dict[str, Factors]]:
    users: dict[str, Factors] = {}
    items: dict[str, Factors] = {}
    for time, (user, item, rating) in enumerate(ratings):
        users[user], items[item] = step(
            user, users.get(user), item, items.get(item), rating=rating, centre=centre, time_ms=time
        )
    return users, items


def test_nobody_is_known_at_first() -> None:
    assert not is_known(None, None)
    assert not is_known(Factors(), None)
    assert not factor_values(None, None).any()
    assert predicted(None, None, 3.3) == pytest.approx(3.3)


def test_values_are_bias_vector_and_count_of_user_then_item() -> None:
    user = Factors(n=3, mean=np.arange(DIMENSIONS).tolist())
    values = factor_values(user, None)
    assert values.shape == (FACTOR_VALUES,)
    assert values.dtype == np.float32
    assert values[:DIMENSIONS].tolist() == list(range(DIMENSIONS))
    assert values[DIMENSIONS] == pytest.approx(np.log(4))
    assert not values[DIMENSIONS + 1 :].any()
    assert np.array_equal(factor_values(None, user)[DIMENSIONS + 1 :], values[: DIMENSIONS + 1])
    assert is_known(user, None)
    assert is_known(None, user)


def test_a_step_is_the_exact_ridge_regression_over_all_ratings() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, DIMENSIONS)) / 4
    ratings = rng.integers(1, 6, 30).astype(float)
    user: Factors | None = None
    for vector, rating in zip(vectors, ratings, strict=True):
        item = Factors(n=9, mean=vector.tolist(), precision=np.eye(DIMENSIONS)[np.triu_indices(DIMENSIONS)].tolist())
        user, _ = step("u", user, "i", item, rating=rating, centre=3.0, time_ms=0)
    assert user is not None
    rows = np.column_stack([np.ones(30), vectors[:, 1:]])
    prior = np.diag([1 / BIAS_VARIANCE] + [1 / VECTOR_VARIANCE] * FACTOR_RANK)
    start, _ = step("u", None, "i", None, rating=3.0, centre=3.0, time_ms=0)
    precision = prior + rows.T @ rows / NOISE_VARIANCE
    triangle = np.array(user.precision)
    assert triangle == pytest.approx(precision[np.triu_indices(DIMENSIONS)], rel=1e-4)
    assert user.n == 30
    assert start.n == 1
    # The prior mean is not zero, so it enters the normal equations too.
    targets = ratings - 3.0 - vectors[:, 0]
    exact = np.linalg.solve(precision, rows.T @ targets / NOISE_VARIANCE + prior @ _prior_mean("user:u"))
    assert np.array(user.mean) == pytest.approx(exact, abs=1e-4)


def test_biases_are_learnt_and_shrunk() -> None:
    users, items = learn([(f"u{n % 10}", f"i{n % 7}", 5.0 if n % 7 == 0 else 2.0) for n in range(400)])
    assert predicted(users["u1"], items["i0"], 3.0) > 4.5
    assert predicted(users["u1"], items["i1"], 3.0) < 2.3
    once, _ = learn([("new", "other", 5.0)])
    assert 3.0 < predicted(once["new"], None, 3.0) < 4.0


def test_vectors_learn_what_biases_cannot() -> None:
    rng = np.random.default_rng(1)

    def likes(user: int, item: int) -> float:
        return 4.5 if (user + item) % 2 else 1.5

    pairs = [(int(rng.integers(20)), int(rng.integers(20))) for _ in range(4000)]
    users, items = learn([(f"u{u}", f"i{i}", likes(u, i)) for u, i in pairs])
    errors = [predicted(users[f"u{u}"], items[f"i{i}"], 3.0) - likes(u, i) for u in range(20) for i in range(20)]
    assert np.abs(errors).mean() < 0.3


def test_the_same_ratings_give_the_same_bytes() -> None:
    ratings = [(f"u{n % 3}", f"i{n % 4}", 1.0 + n % 5) for n in range(50)]
    one, other = learn(ratings), learn(ratings)
    assert [f.SerializeToString() for f in one[0].values()] == [f.SerializeToString() for f in other[0].values()]


def test_a_step_leaves_its_inputs_and_says_when() -> None:
    users, items = learn([("u", "i", 4.0)])
    before = users["u"].SerializeToString()
    after, _ = step("u", users["u"], "i", items["i"], rating=1.0, centre=3.0, time_ms=77)
    assert users["u"].SerializeToString() == before
    assert (after.n, after.updated_ms) == (2, 77)


def test_what_was_learned_long_ago_weighs_less() -> None:
    user, item = step("u", None, "i", None, rating=5.0, centre=3.0, time_ms=0)
    soon, _ = step("u", user, "i", item, rating=1.0, centre=3.0, time_ms=1)
    late, _ = step("u", user, "i", item, rating=1.0, centre=3.0, time_ms=4 * HALF_LIFE_MS)
    assert soon.mean[0] > late.mean[0], "after two years the new rating counts for more"
    early, _ = step("u", user, "i", item, rating=1.0, centre=3.0, time_ms=-HALF_LIFE_MS)
    assert early.mean[0] == pytest.approx(soon.mean[0]), "a late record of an early rating forgets nothing"
