"""Scores of simulated events without a model: what a scorer would say is made from the world's truth, blurred."""

import math
from collections.abc import Iterator
from zlib import crc32

from contento.contracts.messages import Feedback, Score, TextKind, UserEvent
from contento.learning.judged import Judged
from contento.model.features import event_text
from contento.model.interface import TOWERS
from contento.training.records import Source

_DIMENSIONS = 16


def _noise(*of: object) -> float:
    """Return a number in [-1, 1] that is fixed by what it is of."""
    return crc32(repr(of).encode()) / 2**31 - 1


class StandIn:
    """Scores events as a model would that has learned nothing of this world: its errors are those of the world."""

    def __init__(self, source: Source, *, item_texts: bool = False) -> None:
        self._items = {item.item_id: item for item in source.items()} if item_texts else {}
        self._scores: dict[str, Score] = {}
        self._latest: dict[tuple[str, str], Score] = {}
        self._events: dict[str, int] = {}

    def score(self, event: UserEvent) -> Score:
        known = self._events.get(event.user_id, 0)
        self._events[event.user_id] = known + 1
        text = event_text(event, self._items.get(event.item_id))
        image = event.HasField("image_embedding")
        there = {"text": bool(text), "image": image, "behaviour": known > 0, "factors": known > 2}
        mean = 3.5 + 0.4 * _noise(event.item_id)
        positive = 1 / (1 + math.exp(-1.2 * (mean - 3.2) - 0.4 * _noise(event.user_id)))
        score = Score(
            event_id=event.event_id,
            user_id=event.user_id,
            item_id=event.item_id,
            event_type=event.type,
            event_time=event.time,
            segment=event.attributes.get("country", ""),
            bundle="b" * 64,
            arm="serving",
            missing_towers=[tower for tower in TOWERS if not there[tower]],
            user_representation=[
                _noise(event.user_id, place) + 0.3 * _noise(event.event_id, place) + 0.5 * there["text"]
                for place in range(_DIMENSIONS)
            ],
        )
        score.rating.mean, score.rating.coverage = mean, 0.9
        score.rating.lower, score.rating.upper = max(mean - 1.8, 1.0), min(mean + 1.8, 5.0)
        spread = [math.exp(-((star - mean) ** 2)) for star in range(1, 6)]
        score.rating.distribution.extend(each / sum(spread) for each in spread)
        score.satisfaction.p_positive = 0.8 * positive
        score.satisfaction.p_neutral = 0.2
        score.satisfaction.p_negative = 0.8 * (1 - positive)
        score.satisfaction.value = 0.8 * positive + 0.1
        score.outcomes["purchase"] = 0.15
        score.outcomes["click"] = 0.85
        score.outcomes["churn"] = 0.3
        score.features.text = text
        score.features.text_kind = event.text_kind if event.text or not text else TextKind.TEXT_KIND_ITEM
        score.features.text_key = f"{crc32(text.encode()):08x}" if text else ""
        self._scores[event.event_id] = self._latest[event.user_id, event.item_id] = score
        return score

    def judge(self, feedback: Feedback) -> Judged | None:
        score = self._scores.get(feedback.event_id) or self._latest.get((feedback.user_id, feedback.item_id))
        if score is None:
            return None
        rating = feedback.rating if feedback.HasField("rating") else None
        outcome = (feedback.outcome.name, feedback.outcome.happened) if feedback.HasField("outcome") else None
        satisfaction = feedback.satisfaction - 1 if feedback.HasField("satisfaction") else None
        delay = feedback.time.ToMilliseconds() - score.event_time.ToMilliseconds()
        return Judged(
            score=score,
            feedback=feedback,
            rating=rating,
            satisfaction=satisfaction,
            outcome=outcome,
            delay_ms=max(delay, 0),
        )


def scored_and_judged(source: Source, *, item_texts: bool = False) -> Iterator[Score | Judged]:
    """Yield the scores of a source's events and the judged scores of its feedback, in time order."""
    scorer = StandIn(source, item_texts=item_texts)
    for record in source.records():
        if isinstance(record, UserEvent):
            yield scorer.score(record)
        else:
            judged = scorer.judge(record)
            if judged is not None:
                yield judged
