"""What one joined label adds to the sums behind every metric."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.learning.judged import Judged
from contento.model.correction.correction import Corrected
from contento.model.interface import RATINGS, SATISFACTION

BINS: Final = 10
"""Of confidence, for the expected calibration error."""
DELAYS: Final = 24
"""Of label delays, each twice as long as the one before: from below 1 s to 97 days."""
_LEAST_P: Final = 1e-6
"""Probabilities count as no less, so that one surprise does not outweigh a thousand labels."""
_C: Final = len(SATISFACTION)
_BINNED: Final = 3 * BINS  # count, sum of confidence, sum of being right

# Where each sum stands in a row.
_RATING: Final = 0  # n, |error|, error, error², -log p, inside, width, right, then bins
_SATISFACTION: Final = _RATING + 8 + _BINNED  # n, -log p, then truth x answer, then bins
_OUTCOME: Final = _SATISFACTION + 2 + _C * _C + _BINNED  # n, -log p, squared error, then bins
_DELAY: Final = _OUTCOME + 3 + _BINNED  # n, sum of ms, then counts by length
_NOW: Final = _DELAY + 2 + DELAYS  # of what would be served at the moment of a rating: n, |error|, error², inside
WIDTH: Final = _NOW + 4
"""Length of a row of sums."""


def row_of(judged: Judged, now: Corrected | None) -> NDArray[np.float64]:
    """Return what a label adds to each sum, `[WIDTH]`.

    Args:
        judged: The label, and the score as it was served.
        now: What would have been served for a rating just before it was learned.
    """
    row = np.zeros(WIDTH)
    score = judged.score
    if judged.rating is not None:
        served = score.rating
        error = served.mean - judged.rating
        star = min(max(math.floor(judged.rating + 0.5), RATINGS[0]), RATINGS[-1]) - RATINGS[0]
        distribution = served.distribution
        top = max(range(len(distribution)), key=distribution.__getitem__)
        inside = served.lower <= judged.rating <= served.upper
        row[_RATING : _RATING + 8] = (
            1, abs(error), error, error * error, _surprise(distribution[star]), inside,
            served.upper - served.lower, top == star,
        )  # fmt: skip
        _bin(row, _RATING + 8, distribution[top], right=top == star)
        if now is not None:
            error = now.mean - judged.rating
            row[_NOW : _NOW + 4] = 1, abs(error), error * error, now.lower <= judged.rating <= now.upper
    if judged.satisfaction is not None:
        answer = (score.satisfaction.p_negative, score.satisfaction.p_neutral, score.satisfaction.p_positive)
        top = max(range(_C), key=answer.__getitem__)
        row[_SATISFACTION : _SATISFACTION + 2] = 1, _surprise(answer[judged.satisfaction])
        row[_SATISFACTION + 2 + judged.satisfaction * _C + top] = 1
        _bin(row, _SATISFACTION + 2 + _C * _C, answer[top], right=top == judged.satisfaction)
    if judged.outcome is not None:
        name, happened = judged.outcome
        if name in score.outcomes:
            p = score.outcomes[name]
            row[_OUTCOME : _OUTCOME + 3] = 1, _surprise(p if happened else 1 - p), (p - happened) ** 2
            _bin(row, _OUTCOME + 3, p, right=happened)
    row[_DELAY : _DELAY + 2] = 1, judged.delay_ms
    row[_DELAY + 2 + min((judged.delay_ms // 1000).bit_length(), DELAYS - 1)] = 1
    return row


def _surprise(p: float) -> float:
    return -math.log(max(p, _LEAST_P))


def _bin(row: NDArray[np.float64], start: int, confidence: float, *, right: bool) -> None:
    place = start + min(int(confidence * BINS), BINS - 1)
    row[place] = 1
    row[place + BINS] = confidence
    row[place + 2 * BINS] = right


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good scores were, over some labels; `None` where no label speaks of it.

    Attributes:
        labels: Number of labels; decayed ones count as parts.
        ratings: Those of ratings.
        mae: Mean absolute error of the rating, in stars.
        rmse: Root of its mean squared error, in stars.
        bias: Mean of its error, in stars: above 0, scores are too high.
        rating_log_loss: Mean of -ln P(the star that came).
        rating_accuracy: Share of ratings whose likeliest star came.
        rating_ece: Expected calibration error of the likeliest star, in [0, 1].
        coverage: Share of ratings inside their interval.
        width: Mean width of the intervals, in stars.
        mae_now: MAE of what would be served at the moment a rating comes, just before it is learned: what was served
            knows no rating that came between the event and the feedback.
        rmse_now: RMSE of the same.
        coverage_now: Coverage of the same.
        satisfactions: Labels of satisfaction.
        accuracy: Share of them whose likeliest class came.
        macro_f1: Mean over classes of F1; a class that neither came nor was answered does not count.
        log_loss: Mean of -ln P(the class that came).
        ece: Expected calibration error of the likeliest class, in [0, 1].
        outcomes: Labels of outcomes that the bundle foretells.
        outcome_log_loss: Mean of -ln P(what came).
        brier: Mean squared error of an outcome's probability.
        outcome_ece: Expected calibration error of an outcome's probability, in [0, 1].
        delay_mean_s: Mean of the label delay, seconds.
        delay_p50_s: Its median, within a factor of two, seconds.
        delay_p95_s: What 95 % stay below, within a factor of two, seconds.
    """

    labels: float
    ratings: float
    mae: float | None
    rmse: float | None
    bias: float | None
    rating_log_loss: float | None
    rating_accuracy: float | None
    rating_ece: float | None
    coverage: float | None
    width: float | None
    mae_now: float | None
    rmse_now: float | None
    coverage_now: float | None
    satisfactions: float
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    ece: float | None
    outcomes: float
    outcome_log_loss: float | None
    brier: float | None
    outcome_ece: float | None
    delay_mean_s: float | None
    delay_p50_s: float | None
    delay_p95_s: float | None


def quality_of(sums: NDArray[np.float64]) -> Quality:
    """Return the metrics that sums, `[WIDTH]`, of rows come to."""
    ratings, absolute, error, square, surprise, inside, width, right = sums[_RATING : _RATING + 8].tolist()
    satisfactions, class_surprise = sums[_SATISFACTION : _SATISFACTION + 2].tolist()
    confusion = sums[_SATISFACTION + 2 : _SATISFACTION + 2 + _C * _C].reshape(_C, _C)
    outcomes, outcome_surprise, brier = sums[_OUTCOME : _OUTCOME + 3].tolist()
    labels, delay = sums[_DELAY : _DELAY + 2].tolist()
    delays = sums[_DELAY + 2 : _NOW]
    now, now_absolute, now_square, now_inside = sums[_NOW:WIDTH].tolist()
    return Quality(
        labels=labels,
        ratings=ratings,
        mae=_mean(absolute, ratings),
        rmse=math.sqrt(square / ratings) if ratings else None,
        bias=_mean(error, ratings),
        rating_log_loss=_mean(surprise, ratings),
        rating_accuracy=_mean(right, ratings),
        rating_ece=_ece(sums, _RATING + 8, ratings),
        coverage=_mean(inside, ratings),
        width=_mean(width, ratings),
        mae_now=_mean(now_absolute, now),
        rmse_now=math.sqrt(now_square / now) if now else None,
        coverage_now=_mean(now_inside, now),
        satisfactions=satisfactions,
        accuracy=_mean(float(np.trace(confusion)), satisfactions),
        macro_f1=_macro_f1(confusion) if satisfactions else None,
        log_loss=_mean(class_surprise, satisfactions),
        ece=_ece(sums, _SATISFACTION + 2 + _C * _C, satisfactions),
        outcomes=outcomes,
        outcome_log_loss=_mean(outcome_surprise, outcomes),
        brier=_mean(brier, outcomes),
        outcome_ece=_ece(sums, _OUTCOME + 3, outcomes),
        delay_mean_s=delay / labels / 1000 if labels else None,
        delay_p50_s=_delay(delays, 0.5) if labels else None,
        delay_p95_s=_delay(delays, 0.95) if labels else None,
    )


def _mean(total: float, count: float) -> float | None:
    return total / count if count else None


def _ece(sums: NDArray[np.float64], start: int, count: float) -> float | None:
    if not count:
        return None
    confidence, right = sums[start + BINS : start + 2 * BINS], sums[start + 2 * BINS : start + _BINNED]
    return float(np.abs(confidence - right).sum() / count)


def _macro_f1(confusion: NDArray[np.float64]) -> float:
    right = np.diagonal(confusion)
    met = confusion.sum(0) + confusion.sum(1)
    return float((2 * right[met > 0] / met[met > 0]).mean())


def _delay(counts: NDArray[np.float64], share: float) -> float:
    """Return the upper end of the bin in which a quantile lies, seconds."""
    return float(2 ** int(np.searchsorted(np.cumsum(counts), share * counts.sum())))
