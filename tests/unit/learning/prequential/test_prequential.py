import math
import random

import pytest
from feedback_log import feedback_of, score_of

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import Satisfaction, Score
from contento.learning.judged import Judged
from contento.learning.prequential.prequential import HALF_LIFE, MOST_SLICES, WINDOW, Prequential, Slice
from contento.model.correction.correction import Corrected


def rated(rating: float, score: Score | None = None, delay_ms: int = 1000) -> Judged:
    feedback = feedback_of(rating=rating)
    return Judged(
        score=score or score_of(), feedback=feedback, rating=rating, satisfaction=None, outcome=None, delay_ms=delay_ms
    )


def test_each_metric_by_hand() -> None:
    metrics = Prequential()
    for rating in (5.0, 2.0):  # the score says 4, between 3 and 5, and .4 and .1 for these stars
        metrics.judged(rated(rating, delay_ms=3000))
    quality = metrics.quality()
    assert (quality.labels, quality.ratings, quality.satisfactions) == (2, 2, 0)
    assert quality.mae == pytest.approx(1.5)
    assert quality.rmse == pytest.approx(math.sqrt(2.5))
    assert quality.bias == pytest.approx(0.5)
    assert quality.rating_log_loss == pytest.approx(-(math.log(0.4) + math.log(0.1)) / 2, rel=1e-6)
    assert quality.rating_accuracy == 0.5
    assert quality.rating_ece == pytest.approx(0.1, rel=1e-6), "sure by .4 twice, right once"
    assert (quality.coverage, quality.width) == (0.5, 2.0)
    assert (quality.delay_mean_s, quality.delay_p50_s) == (3.0, 4.0)
    assert quality.accuracy is None
    assert quality.brier is None


def test_what_would_be_served_at_the_moment_of_a_rating_is_judged_beside_what_was() -> None:
    metrics = Prequential()
    now = Corrected(mean=4.5, lower=4.0, upper=5.0, distribution=[0, 0, 0, 0.5, 0.5])
    metrics.judged(rated(5.0), now)
    metrics.judged(rated(3.0), now)
    metrics.judged(rated(5.0))
    quality = metrics.quality()
    assert quality.ratings == 3
    assert quality.mae == pytest.approx(1.0)
    assert quality.mae_now == pytest.approx(1.0)
    assert quality.rmse_now == pytest.approx(math.sqrt(1.25))
    assert quality.coverage_now == 0.5


def test_satisfaction_and_outcomes_by_hand() -> None:
    metrics = Prequential()
    score = score_of()
    for truth in (2, 0):
        feedback = feedback_of(satisfaction=Satisfaction.SATISFACTION_NEUTRAL)
        judged = Judged(score=score, feedback=feedback, rating=None, satisfaction=truth, outcome=None, delay_ms=0)
        metrics.judged(judged)
    for name, happened in (("purchase", True), ("purchase", False), ("never heard of", True)):
        feedback = feedback_of(outcome={"name": name, "happened": happened})
        metrics.judged(
            Judged(score=score, feedback=feedback, rating=None, satisfaction=None, outcome=(name, happened), delay_ms=0)
        )
    quality = metrics.quality()
    assert (quality.labels, quality.satisfactions, quality.outcomes) == (5, 2, 2), (
        "one outcome the bundle foretells not"
    )
    assert quality.accuracy == 0.5
    assert quality.log_loss == pytest.approx(-(math.log(0.7) + math.log(0.1)) / 2, rel=1e-6)
    assert quality.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert quality.ece == pytest.approx(0.2, rel=1e-6)
    assert quality.brier == pytest.approx((0.75**2 + 0.25**2) / 2)
    assert quality.outcome_log_loss == pytest.approx(-(math.log(0.25) + math.log(0.75)) / 2)
    assert quality.outcome_ece == pytest.approx(0.25)


def test_slices_see_their_own_labels() -> None:
    metrics = Prequential()
    metrics.judged(rated(4.0, score_of(segment="s1")))
    other = score_of(segment="s2")
    other.arm, other.bundle = "candidate", "c" * 64
    metrics.judged(rated(1.0, other))
    assert metrics.quality(Slice("segment", "s1")).mae == 0
    assert metrics.quality(Slice("segment", "s2")).mae == 3
    assert metrics.quality(Slice("arm", "candidate")).mae == 3
    assert metrics.quality(Slice("bundle", "b" * 64)).mae == 0
    assert metrics.quality().mae == 1.5
    assert metrics.quality(Slice("segment", "unheard")).mae is None


def test_window_decayed_and_total_forget_at_their_own_pace() -> None:
    metrics = Prequential()
    for _ in range(3000):
        metrics.judged(rated(4.0))
    for _ in range(WINDOW):
        metrics.judged(rated(2.0))
    assert metrics.quality(horizon="total").mae == pytest.approx(2 * WINDOW / (3000 + WINDOW))
    assert metrics.quality(horizon="window").mae == 2.0
    decayed = metrics.quality(horizon="decayed")
    assert decayed.mae == pytest.approx(
        2 * (1 - 0.5 ** (WINDOW / HALF_LIFE)) / (1 - 0.5 ** (4000 / HALF_LIFE)), rel=1e-6
    )


def test_slices_are_bounded_and_the_one_longest_without_a_label_goes() -> None:
    metrics = Prequential()
    for number in range(MOST_SLICES):
        metrics.judged(rated(4.0, score_of(segment=f"s{number}")))
    metrics.changed()
    metrics.judged(rated(4.0, score_of(segment="s0")))
    metrics.judged(rated(4.0, score_of(segment="new")))
    assert len([each for each in metrics.slices() if each.kind == "segment"]) == MOST_SLICES
    assert metrics.quality(Slice("segment", "s0")).labels == 2
    assert metrics.quality(Slice("segment", "s1")).labels == 0
    assert metrics.changed()["segment:s1"] is None


def test_join_rate_is_of_what_is_settled() -> None:
    metrics = Prequential()
    assert metrics.join_rate is None
    for outcome in ("waiting", "joined", "joined", "joined_late", "orphan", "duplicate", "contradictory"):
        metrics.counted(outcome)
    assert metrics.join_rate == 0.75
    assert metrics.outcomes["waiting"] == 1


def test_restored_anywhere_it_goes_on_to_the_same_bytes() -> None:
    draws = random.Random(3)
    whole, broken = Prequential(), Prequential()
    kept: dict[str, bytes] = {}
    for number in range(700):
        judged = rated(draws.uniform(1, 5), score_of(segment=f"s{draws.randrange(90)}"))
        for metrics in (whole, broken):
            metrics.judged(judged)
            metrics.counted("joined")
        if draws.random() < 0.02 or number == 699:
            for name, value in broken.changed().items():
                if value is None:
                    kept.pop(name, None)
                else:
                    kept[name] = value
            broken = Prequential()
            broken.restore(kept)
    expected = {name: value for name, value in whole.changed().items() if value is not None}
    assert kept == expected


def test_a_format_of_another_version_is_refused() -> None:
    with pytest.raises(StateFormatError, match="format 99, and this version reads 2: run the version that wrote"):
        Prequential().restore({"all:": b'{"format": 99, "count": 1, "last": 1}\n'})
