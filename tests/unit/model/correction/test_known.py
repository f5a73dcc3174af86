import numpy as np
import pytest

from contento.contracts.messages import Factors
from contento.model.correction import steps
from contento.model.correction.known import UNKNOWN
from contento.model.correction.learned import before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.correction.steps import USER_TRACES, learn_user
from contento.model.correction.tags import Tags
from contento.model.correction.wire import fill, known_of

TAGS = Tags((3,), (9,))


def test_traces_are_means_shares_and_moods() -> None:
    traces = np.zeros(USER_TRACES, np.float32)
    for at, (rating, residual) in enumerate([(5.0, 1.0), (3.0, -1.0), (1.0, -3.0)]):
        learn_user(traces, TAGS.every, rating, residual, at * 100, (at + 1) * 100)
    assert traces[steps.N] == 3
    assert traces[steps.RATING] == pytest.approx(3)
    assert traces[steps.RESIDUAL] == pytest.approx(-1)
    assert traces[steps.ERROR] == pytest.approx(11 / 3)
    assert traces[steps.LAST] == -3
    assert traces[steps.STARS : steps.STARS + 3] == pytest.approx([1 / 3, 0, 1 / 3])
    assert traces[steps.TASTES + 2 * 3 : steps.TASTES + 2 * 3 + 2] == pytest.approx([-1, 3])
    assert traces[steps.TASTES + 2 * 9 + 1] == 3
    assert traces[steps.BURST : steps.BURST + 2] == pytest.approx([3, -3])


def test_a_pause_ends_a_burst() -> None:
    traces = np.zeros(USER_TRACES, np.float32)
    learn_user(traces, TAGS.every, 5.0, 1.0, 0, 100)
    learn_user(traces, TAGS.every, 5.0, 0.5, 100, 5_000)
    assert traces[steps.BURST : steps.BURST + 2] == pytest.approx([1, 0.5])


def test_what_is_known_comes_back_from_its_message() -> None:
    user, item = before_any(USER, "u"), before_any(ITEM, "i")
    learn(user, item, TAGS, 5.0, 1_000)
    learn(user, item, TAGS, 2.0, 9_000)
    for side, each in ((USER, user), (ITEM, item)):
        message = Factors(n=2, updated_ms=each.known.last_ms)
        fill(message, each.known)
        found = known_of(side, Factors.FromString(message.SerializeToString()))
        assert np.array_equal(found.mean, each.known.mean)
        assert np.array_equal(found.traces, each.known.traces)
        assert (found.bias_variance, found.first_ms, found.last_ms) == (each.known.bias_variance, 1_000, 9_000)


@pytest.mark.parametrize("message", [None, Factors(n=3, mean=[0.5]), Factors(n=1, members=b"\0" * 8, traces=b"\0" * 4)])
def test_what_cannot_be_read_is_unknown(message: Factors | None) -> None:
    assert known_of(USER, message) is UNKNOWN[USER]


def test_a_rating_that_comes_late_does_not_set_the_time_back() -> None:
    user, item = before_any(USER, "u"), before_any(ITEM, "i")
    learn(user, item, TAGS, 5.0, 9_000)
    learn(user, item, TAGS, 5.0, 1_000)
    assert user.known.last_ms == 9_000
