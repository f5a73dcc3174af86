"""Scores and judged scores in which nothing drifts but the error of one outcome."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from contento.bench.drift_streams import SEGMENTS, Stream
from contento.contracts.messages import Feedback, Outcome, Score
from contento.learning.judged import Judged

_START_MS: Final = 1_736_121_600_000
_TYPES: Final = ("view", "click", "cart", "purchase", "search", "review")
_TYPE_SHARES: Final = (0.5, 0.2, 0.1, 0.05, 0.1, 0.05)
_MISSING: Final = {"text": 0.1, "image": 0.4, "behaviour": 0.03, "factors": 0.1}
_USERS: Final = 5_000
_ITEMS: Final = 500
_REPRESENTATION: Final = 32
OUTCOME: Final = "purchase"


def messages(stream: Stream, generator: np.random.Generator) -> Iterator[tuple[Score, Judged]]:
    """Yield a score and its judgement for each error of a stream.

    The outcome is predicted with probability 0, so that its squared error is the stream's 0 or 1. The rating lies about
    the predicted one; its interval holds nine in ten.

    Args:
        stream: Errors of 0 and 1.
        generator: Of all else.
    """
    count = len(stream.values)
    segments = generator.integers(SEGMENTS, size=count) if stream.segments is None else stream.segments
    kinds = generator.choice(len(_TYPES), size=count, p=_TYPE_SHARES)
    users, items = generator.integers(_USERS, size=count), generator.integers(_ITEMS, size=count)
    means, gaps = generator.uniform(2.5, 4.5, count), generator.normal(0, 0.5, count)
    absent = generator.random((count, len(_MISSING))) < tuple(_MISSING.values())
    seen = generator.normal(0, 1, (count, _REPRESENTATION))
    for sample in range(count):
        mean = float(means[sample])
        score = Score(
            event_id=f"e{sample}",
            user_id=f"u{users[sample]}",
            item_id=f"i{items[sample]}",
            event_type=_TYPES[kinds[sample]],
            segment=f"s{segments[sample]}",
            bundle="b",
            arm="serving",
            missing_towers=[tower for tower, gone in zip(_MISSING, absent[sample].tolist(), strict=True) if gone],
            user_representation=seen[sample].tolist(),
        )
        now = _START_MS + 1_000 * sample
        score.event_time.FromMilliseconds(now)
        score.rating.mean, score.rating.lower, score.rating.upper = mean, mean - 0.82, mean + 0.82
        score.rating.coverage = 0.9
        score.satisfaction.value = (mean - 1) / 4
        score.outcomes[OUTCOME] = 0.0
        if not absent[sample, 0]:
            score.features.text = score.features.text_key = f"text {users[sample] % 2_000}"
        happened = bool(stream.values[sample] > 0)
        feedback = Feedback(feedback_id=f"f{sample}", outcome=Outcome(name=OUTCOME, happened=happened))
        feedback.time.FromMilliseconds(now)
        rating = min(max(mean + float(gaps[sample]), 1.0), 5.0)
        yield (
            score,
            Judged(
                score=score,
                feedback=feedback,
                rating=rating,
                satisfaction=None,
                outcome=(OUTCOME, happened),
                delay_ms=0,
            ),
        )
