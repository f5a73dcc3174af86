import pytest
from hypothesis import given
from hypothesis import strategies as st

from contento.learning.alerts.attempts import Answer, RetryPolicy

POLICY = RetryPolicy()
NOW_S = 1_700_000_000.0


def pause(attempts: int, answer: Answer | None = None, draw: float = 1.0) -> float:
    return POLICY.pause_s(attempts, answer or Answer(status=503), draw=lambda: draw, now_s=NOW_S)


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause(n) for n in (1, 2, 3, 9, 10, 100_000)] == [1, 2, 4, 256, 300, 300]


@given(attempts=st.integers(1, 1000), draw=st.floats(0, 1, exclude_max=True))
def test_half_of_a_pause_is_drawn(attempts: int, draw: float) -> None:
    assert pause(attempts) / 2 <= pause(attempts, draw=draw) <= pause(attempts)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Tue, 14 Nov 2023 22:15:20 GMT", 120),
        ("Tue, 14 Nov 2023 22:10:00 GMT", 1),  # over already
        ("86400", 3600),
        ("9" * 400, 3600),
        ("soon", 1),
        ("", 1),
        ("-5", 1),
        ("Tue, 99 Nov 2023 22:15:20 GMT", 1),
    ],
)
def test_the_receiver_may_ask_for_a_longer_pause(header: str, seconds: float) -> None:
    assert pause(1, Answer(status=429, retry_after=header)) == seconds


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_is_taken(status: int) -> None:
    assert Answer(status=status).taken
    assert not Answer(status=status).final


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 0])
def test_what_is_tried_again(status: int) -> None:
    assert not Answer(status=status).taken
    assert not Answer(status=status).final


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 422])
def test_what_is_not_tried_again(status: int) -> None:
    assert not Answer(status=status).taken
    assert Answer(status=status).final
    assert Answer(status=status).advice
