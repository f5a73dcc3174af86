"""From the model's answers to score messages."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import (
    Features,
    RatingScore,
    Reason,
    SatisfactionScore,
    Score,
    SourceOffset,
    Tensor,
)
from contento.contracts.redis_keys import NO_SEGMENT
from contento.model.features import SEEN_EVENTS
from contento.model.interface import HISTORY_LENGTH, RATINGS, TOWERS, ScorerInputs, ScorerOutputs
from contento.scoring.core.rows import Text
from contento.scoring.core.selection import NewEvent
from contento.state.base import UserState

EVENT_REASONS = 3
"""Past events named per score."""
_DTYPES = {"float32": "<f4", "int64": "<i8", "bool": "|b1"}
_RATINGS = np.array(RATINGS, np.float64)
_FEATURE_TENSORS = ("image", "history_ids", "history_values", "factors", "present")
"""Inputs kept in `Score.features`. The history's are cut to the places that hold events, so they need no mask."""


def build_scores(
    new: Sequence[NewEvent],
    inputs: ScorerInputs,
    outputs: ScorerOutputs,
    *,
    texts: Sequence[Text],
    users: Mapping[str, UserState],
    segment_attribute: str,
    now_ms: int,
) -> list[Score]:
    """Return the score of each event, in order.

    Args:
        new: The events.
        inputs: The rows they were scored from.
        outputs: The model's answers.
        texts: Text of each event.
        users: State of every user in them.
        segment_attribute: Event attribute that names the user's segment; a user whose events do not stays in theirs.
        now_ms: The present, unix milliseconds.
    """
    means = outputs.rating.astype(np.float64) @ _RATINGS
    rating, interval = outputs.rating.tolist(), outputs.interval.tolist()
    coverage, satisfaction = outputs.coverage.tolist(), outputs.satisfaction.tolist()
    outcomes, towers, user = outputs.outcomes.tolist(), outputs.towers.tolist(), outputs.user.tolist()
    tops = np.argsort(-outputs.events, axis=1, kind="stable")[:, :EVENT_REASONS].tolist()
    segments = {user: state.live.segment for user, state in users.items() if state.live}
    scores = []
    for row, each in enumerate(new):
        event = each.event
        p_negative, p_neutral, p_positive = satisfaction[row]
        segment = event.attributes.get(segment_attribute) or segments.get(event.user_id) or NO_SEGMENT
        segments[event.user_id] = segment
        lower, upper = interval[row]
        score = Score(
            event_id=event.event_id,
            user_id=event.user_id,
            session_id=event.session_id,
            item_id=event.item_id,
            event_type=event.type,
            event_time=event.time,
            rating=RatingScore(
                mean=means[row], lower=lower, upper=upper, coverage=coverage[row], distribution=rating[row]
            ),
            satisfaction=SatisfactionScore(
                p_negative=p_negative, p_neutral=p_neutral, p_positive=p_positive, value=p_positive + p_neutral / 2
            ),
            # A batch may mix bundles: an outcome that a row's bundle does not predict is NaN.
            outcomes={n: p for n, p in zip(outputs.outcome_names, outcomes[row], strict=True) if not math.isnan(p)},
            segment=segment,
            bundle=outputs.bundle[row],
            encoder=inputs.encoder[row],
            arm=inputs.arm[row],
            reasons=_reasons(each, towers[row], tops[row], outputs.events[row]),
            missing_towers=[t for t, there in zip(TOWERS, inputs.present[row].tolist(), strict=True) if not there],
            features=Features(
                text=texts[row].text,
                text_key=texts[row].key,
                tensors=_tensors(inputs, row),
                text_kind=texts[row].kind,
            ),
            source=SourceOffset(topic=each.record.topic, partition=each.record.partition, offset=each.record.offset),
            user_representation=user[row],
        )
        score.scored_time.FromMilliseconds(now_ms)
        scores.append(score)
    return scores


def _reasons(each: NewEvent, towers: Sequence[float], top: Sequence[int], shares: NDArray[np.float32]) -> list[Reason]:
    ranked = sorted(zip(towers, TOWERS, strict=True), reverse=True)
    reasons = [Reason(tower=tower, weight=weight) for weight, tower in ranked if weight > 0]
    past = each.before
    first = HISTORY_LENGTH - 1 - min(len(past.event_id), SEEN_EVENTS)
    for place in top:
        weight = float(shares[place])
        if weight <= 0 or place < first:
            continue
        if place == HISTORY_LENGTH - 1:
            event = each.event
            reasons.append(
                Reason(
                    tower="behaviour", event_id=event.event_id, item_id=event.item_id, type=event.type, weight=weight
                )
            )
        else:
            at = place - (HISTORY_LENGTH - 1)  # from the end
            reasons.append(
                Reason(
                    tower="behaviour",
                    event_id=past.event_id[at],
                    item_id=past.item_id[at],
                    type=past.type[at],
                    weight=weight,
                )
            )
    return reasons


def _tensors(inputs: ScorerInputs, row: int) -> list[Tensor]:
    tensors = []
    first = int(np.argmax(inputs.history_mask[row]))  # histories are right-aligned: the empty places say nothing
    for name in _FEATURE_TENSORS:
        values = getattr(inputs, name)
        if values is None:
            continue
        value = values[row][first:] if name.startswith("history_") else values[row]
        dtype = value.dtype.name
        data = value.astype(_DTYPES[dtype], copy=False).tobytes()
        tensors.append(Tensor(name=name, dtype=dtype, shape=value.shape, data=data))
    return tensors
