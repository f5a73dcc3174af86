import json
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contento.learning.sentiment.detector import WARM_UP, FallDetector

STAKE = 1e-6


def feed(detector: FallDetector, values: list[float], stake: float = STAKE, start: int = 0) -> int | None:
    """Return after how many values an alarm is due; `None`: never."""
    for number, value in enumerate(values, start=1):
        detector.observe(value, stake=stake, margin=0.05, usual=0.7, at_ms=(start + number) * 1000)
        if detector.winnings >= 1.0:
            return number
    return None


def values(mean: float, count: int, seed: int, spread: float = 0.2) -> list[float]:
    draw = random.Random(seed)
    return [min(max(draw.gauss(mean, spread), 0.0), 1.0) for _ in range(count)]


@pytest.mark.parametrize(("fall", "most"), [(0.2, 70), (0.3, 40), (0.5, 23)])
def test_a_fall_is_seen_soon_and_dated(fall: float, most: int) -> None:
    delays, sizes, dates = [], [], []
    for seed in range(20):
        detector = FallDetector()
        assert feed(detector, values(0.7, 400, seed)) is None
        delay = feed(detector, values(0.7 - fall, 400, seed + 100), start=400)
        assert delay is not None
        assert detector.is_clear(0.05)
        delays.append(delay)
        sizes.append(detector.fall)
        dates.append(detector.since_ms / 1000 - 400)
    assert statistics.median(delays) <= most
    assert statistics.median(sizes) == pytest.approx(fall, abs=0.08)
    assert statistics.median(dates) == pytest.approx(0, abs=5)


def test_the_stakes_bound_the_false_alarms() -> None:
    """The mean lies where nobody bets on less: the hardest case that is still no fall."""
    alarms, staked = 0, 0.0
    for seed in range(300):
        detector = FallDetector()
        detector.n, detector.mean, detector.variance = 1e9, 0.7, 0.04
        draw = random.Random(seed)
        for number in range(1000):
            detector.observe(float(draw.random() < 0.65), stake=2e-4, margin=0.05, usual=0.7, at_ms=number)
            staked += 2e-4
            if detector.winnings >= 1.0:
                alarms += 1
                detector.calm()
    assert staked == pytest.approx(60)
    assert 1 <= alarms <= staked  # neither more than was staked, nor a detector that never wins


def test_a_rise_is_no_fall() -> None:
    detector = FallDetector()
    feed(detector, values(0.4, 200, 1))
    assert feed(detector, values(0.9, 500, 2)) is None


def test_nothing_is_bet_before_anything_is_known() -> None:
    detector = FallDetector()
    assert feed(detector, [0.9] * WARM_UP, stake=1.0) is None
    assert detector.staked == 0
    detector.observe(0.9, stake=1e-3, margin=0.05, usual=0.7, at_ms=10_000)
    assert detector.staked == 1e-3


def test_a_lucky_start_is_not_clear() -> None:
    detector = FallDetector()
    feed(detector, [1.0, 0.9, 1.0, 0.95, 1.0, 0.9, 1.0, 0.95])
    for number, value in enumerate(values(0.7, 20, 3)):
        detector.observe(value, stake=1e-3, margin=0.05, usual=0.7, at_ms=number)
        assert not detector.is_clear(0.05)


def test_a_told_fall_is_the_new_normal() -> None:
    detector = FallDetector()
    feed(detector, values(0.7, 300, 1))
    assert feed(detector, values(0.3, 300, 2)) is not None
    detector.accept(0.0)
    assert detector.mean == pytest.approx(0.3, abs=0.15)
    assert feed(detector, values(0.3, 500, 3)) is None


def test_where_there_is_no_room_nothing_falls() -> None:
    detector = FallDetector()
    feed(detector, values(0.08, 100, 1, spread=0.03))
    assert feed(detector, [0.0] * 300) is None


@given(
    before=st.lists(st.floats(0, 1), max_size=60),
    after=st.lists(st.floats(0, 1), max_size=60),
    stake=st.floats(0, 1e-2),
)
def test_restored_goes_on_to_the_same_bytes(before: list[float], after: list[float], stake: float) -> None:
    detector = FallDetector()
    feed(detector, before, stake)
    restored = FallDetector.of_state(json.loads(json.dumps(detector.state())))
    assert restored.winnings == detector.winnings
    feed(detector, after, stake, start=len(before))
    feed(restored, after, stake, start=len(before))
    assert json.dumps(restored.state()) == json.dumps(detector.state())


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=300))
def test_the_estimates_are_those_of_the_values(given_values: list[float]) -> None:
    detector = FallDetector()
    feed(detector, given_values, stake=0.0)
    assert detector.n + detector.after_n == pytest.approx(len(given_values))
    total = detector.n * detector.mean + detector.after_sum
    assert total == pytest.approx(sum(given_values))
    for level in (detector.before(), detector.after()):
        assert 0 <= level.lower <= level.mean + 1e-9
        assert level.mean - 1e-9 <= level.upper <= 1
