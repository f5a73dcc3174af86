import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river.base import DriftDetector
from river.drift import ADWIN

from contento.learning.drift.detector import BettingDetector, Change
from contento.learning.drift.monitor import THRESHOLD
from contento.learning.drift.signals import BUDGET, RULES, UPDATES_PER_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

FloatArray = NDArray[np.float64]


def rates(seed: int, *parts: tuple[float, int]) -> list[float]:
    """Errors of 0 and 1 at each rate in turn."""
    generator = np.random.default_rng(seed)
    return [float(value) for rate, count in parts for value in generator.random(count) < rate]


def run(detector: BettingDetector, values: list[float]) -> list[tuple[int, Change]]:
    found = []
    for index, value in enumerate(values):
        detector.update(value, 1_000 * index)
        if detector.drift_detected:
            assert detector.change is not None
            found.append((index, detector.change))
    return found


def test_it_is_one_of_rivers() -> None:
    detector = BettingDetector(threshold=1e3)
    assert isinstance(detector, DriftDetector)
    assert not detector.drift_detected
    detector.update(0.5)


def test_the_step_is_found_at_its_pinned_sample() -> None:
    found = run(BettingDetector(threshold=THRESHOLD), rates(3, (0.2, 2_000), (0.4, 1_000)))
    assert [index for index, _ in found] == [2_116]
    change = found[0][1]
    assert change.evidence >= THRESHOLD
    assert change.rise == pytest.approx(0.2, abs=0.08)
    assert change.before == pytest.approx(0.2, abs=0.03)


def test_steps_are_found_in_both_directions_and_their_beginning_is_near() -> None:
    delays, misses = [], []
    for seed in range(12):
        found = run(BettingDetector(threshold=THRESHOLD), rates(seed, (0.2, 1_500), (0.4, 1_000), (0.1, 1_000)))
        assert [change.rise > 0 for _, change in found] == [True, False], seed
        delays.append(found[0][0] - 1_500)
        misses += [abs(change.begin / 1_000 - at) for (_, change), at in zip(found, (1_500, 2_500), strict=True)]
    assert 60 < np.median(delays) < 160
    assert np.median(misses) <= 20


def test_it_is_no_later_than_adwin() -> None:
    ours, theirs = [], []
    for seed in range(12):
        values = rates(seed, (0.2, 2_000), (0.4, 1_000))
        ours.append(run(BettingDetector(threshold=THRESHOLD), values)[0][0])
        adwin: Any = ADWIN
        adwin = adwin()
        for index, value in enumerate(values):
            adwin.update(value)
            if adwin.drift_detected:
                theirs.append(index)
                break
    assert min(ours) > 2_000
    assert np.median(ours) <= np.median(theirs)


@pytest.mark.parametrize("kind", ["rare", "rate", "bounded", "restless"])
def test_false_alarms_stay_within_the_share_of_one_detector(kind: str) -> None:
    """A threshold of 10,000 allows ten in 100,000 samples: unlike the real one, it could be overstepped here."""
    generator = np.random.default_rng(5)
    alarms = 0
    for _ in range(10):
        kinds: dict[str, Callable[[], FloatArray]] = {
            "rare": lambda: (generator.random(10_000) < 0.01).astype(float),
            "rate": lambda: (generator.random(10_000) < 0.2).astype(float),
            "bounded": lambda: np.clip(generator.normal(0.3, 0.1, 10_000), 0, 1),
            # How far values spread depends on what came before; what is to be expected does not.
            "restless": lambda: restless(generator, 10_000),
        }
        alarms += len(run(BettingDetector(threshold=1e4, tolerance=0.01), kinds[kind]().tolist()))
    assert alarms <= 10


def restless(generator: np.random.Generator, count: int) -> FloatArray:
    values, spread = [], 0.1
    for sign in generator.choice((-1.0, 1.0), count).tolist():
        values.append(0.4 + sign * spread)
        spread = 0.35 if sign > 0 else 0.05
    return np.array(values)


def test_the_budget_is_shared_out() -> None:
    assert pytest.approx(UPDATES_PER_SAMPLE / BUDGET) == THRESHOLD
    assert pytest.approx(900_000) == THRESHOLD


def test_only_the_direction_asked_for_is_found() -> None:
    values = rates(1, (0.3, 1_000), (0.05, 1_000))
    assert not run(BettingDetector(threshold=1e4, direction="up"), values)
    assert len(run(BettingDetector(threshold=1e4, direction="down"), values)) == 1


def test_a_shift_within_the_tolerance_is_none() -> None:
    values = rates(1, (0.2, 4_000), (0.3, 4_000))
    assert run(BettingDetector(threshold=1e4), values)
    assert not run(BettingDetector(threshold=1e4, tolerance=0.12), values)


def test_a_burst_that_ends_within_the_confirmation_is_none() -> None:
    # The threshold is crossed, and lost again.
    quiet = rates(2, (0.02, 1_000))
    burst = [1.0] * 6 + [0.0] * 200
    assert run(BettingDetector(threshold=1e4, confirmation=0), quiet + burst)
    assert not run(BettingDetector(threshold=1e4, confirmation=64), quiet + burst)


def test_nothing_is_found_while_it_warms_up_or_cools_down() -> None:
    detector = BettingDetector(threshold=1e3, warm_up=50, cool_down=30)
    assert not run(detector, [0.0] * 25 + [1.0] * 25)
    detector = BettingDetector(threshold=1e3, warm_up=50, cool_down=30)
    for value in [0.0, 1.0] * 100 + [1.0] * 100:
        detector.update(value)
        if detector.drift_detected:
            break
    assert detector.drift_detected
    run(detector, [0.0] * 30)
    assert detector.samples == 0
    run(detector, [0.0] * 49)
    assert not detector.warm
    run(detector, [0.0])
    assert detector.warm


@pytest.mark.parametrize("value", [-0.5, 1.5, math.inf])
def test_values_beyond_the_ends_count_as_the_ends(value: float) -> None:
    beyond, ends = BettingDetector(threshold=1e3), BettingDetector(threshold=1e3)
    for each in rates(1, (0.3, 200)):
        beyond.update(each)
        ends.update(each)
    beyond.update(value)
    ends.update(min(max(value, 0.0), 1.0))
    assert beyond.state() == ends.state()


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out what is not known"):
        BettingDetector(threshold=1e3).update(math.nan)


def test_a_baseline_remembers_for_long_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contento.learning.drift.detector._LONGEST_MEMORY", 1_000.0)
    detector = BettingDetector(threshold=1e9)
    run(detector, rates(1, (0.2, 5_000)))
    suspected = detector.suspected()
    assert suspected is not None
    assert 490 <= suspected.before_samples <= 1_000
    assert suspected.before == pytest.approx(0.2, abs=0.06)


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), min_size=1, max_size=260),
    cut=st.floats(0, 1),
    shift=st.booleans(),
)
def test_restored_at_any_moment_it_goes_on_as_if_never_stopped(values: list[float], cut: float, shift: bool) -> None:
    def make() -> BettingDetector:
        return BettingDetector(threshold=50, warm_up=8, confirmation=2, cool_down=3)

    if shift:
        values = [value / 4 for value in values[: len(values) // 2]] + values[len(values) // 2 :]
    whole, first, second = make(), make(), make()
    place = int(cut * len(values))
    run(first, values[:place])
    second.restore(json.loads(json.dumps(first.state())))
    assert run(whole, values)[len(run(make(), values[:place])) :] == [
        (index + place, change) for index, change in run_from(second, values[place:], place)
    ]
    assert json.dumps(whole.state()) == json.dumps(second.state())


def run_from(detector: BettingDetector, values: list[float], start: int) -> list[tuple[int, Change]]:
    found = []
    for index, value in enumerate(values):
        detector.update(value, 1_000 * (index + start))
        if detector.drift_detected:
            assert detector.change is not None
            found.append((index, detector.change))
    return found


def test_a_state_of_other_bets_is_refused() -> None:
    state = BettingDetector(threshold=1e3, direction="up").state()
    with pytest.raises(ValueError, match="another number of bets"):
        BettingDetector(threshold=1e3).restore(state)


def test_every_rule_makes_a_detector() -> None:
    for rule in RULES.values():
        detector = rule.detector(1e3)
        assert detector.tolerance == rule.tolerance
        assert detector.warm_up == rule.warm_up
