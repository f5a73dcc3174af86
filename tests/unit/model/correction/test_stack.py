import numpy as np
import pytest

from contento.model.correction.stack import Stack
from contento.model.correction.steps import FEATURES


def rows(count: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(count, FEATURES))
    found[:, 0] = 1
    return found


def test_with_nothing_learned_the_correction_is_none() -> None:
    assert Stack().predict(rows(1)[0]) == 0


def test_the_weights_are_found() -> None:
    truth = np.random.default_rng(5).normal(size=FEATURES)
    stack = Stack()
    for row in rows(3000):
        stack.learn(row, float(truth @ row))
    assert stack.weights == pytest.approx(truth, abs=0.1)


def test_the_weights_follow_a_world_that_changes() -> None:
    truth = np.random.default_rng(5).normal(size=FEATURES)
    stack = Stack()
    for row in rows(20_000):
        stack.learn(row, float(truth @ row))
    errors = []
    for row in rows(20_000, seed=1):
        errors.append(abs(stack.predict(row) + float(truth @ row)))
        stack.learn(row, -float(truth @ row))
    assert np.mean(errors[-1000:]) < 0.2 * np.mean(errors[:1000])


def test_what_is_never_seen_grows_no_less_sure_than_at_the_beginning() -> None:
    stack = Stack()
    before = stack.covariance[-1, -1]
    for row in rows(2000):
        row[-1] = 0
        stack.learn(row, 0.5)
    assert before <= stack.covariance[-1, -1] <= before * 1.001
