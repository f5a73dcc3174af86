from collections.abc import Callable

import pytest
from feedback_log import score_of

from contento.contracts.messages import Feedback, Item, Satisfaction, Score, UserEvent
from contento.contracts.rejection import RejectedRecord
from contento.contracts.validation import validate

NOW_MS = 1_700_000_000_000


def event() -> UserEvent:
    made = UserEvent(event_id="e", user_id="u", type="never heard of")
    made.time.FromMilliseconds(NOW_MS)
    return made


def feedback(**kind: object) -> Feedback:
    made = Feedback(feedback_id="f", user_id="u", event_id="e", **kind)  # type: ignore[arg-type]
    made.time.FromMilliseconds(NOW_MS)
    return made


def change(message: UserEvent | Item | Feedback, field: str, value: object) -> UserEvent | Item | Feedback:
    setattr(message, field, value)
    return message


@pytest.mark.parametrize(
    "message",
    [
        event(),
        change(event(), "text", "x" * 65536),
        Item(item_id="i"),
        feedback(rating=1),
        feedback(rating=5),
        feedback(satisfaction=Satisfaction.SATISFACTION_NEUTRAL),
        feedback(outcome={"name": "purchase", "happened": True}),
        feedback(survey={"question": "?", "answer": 9, "scale_min": 0, "scale_max": 10}),
    ],
)
def test_good_messages_pass(message: UserEvent | Item | Feedback) -> None:
    validate(message, now_ms=NOW_MS)


def at(ms: int) -> UserEvent:
    made = event()
    made.time.FromMilliseconds(ms)
    return made


def embedded(*values: float, encoder: str = "eyes") -> UserEvent:
    made = event()
    made.image_embedding.values.extend(values)
    made.image_embedding.encoder = encoder
    return made


def attributed(count: int) -> UserEvent:
    made = event()
    made.attributes.update({str(n): "" for n in range(count)})
    return made


def timeless() -> UserEvent:
    made = event()
    made.ClearField("time")
    return made


@pytest.mark.parametrize(
    ("make", "code", "field"),
    [
        (lambda: change(event(), "event_id", ""), "missing", "event_id"),
        (lambda: change(event(), "user_id", ""), "missing", "user_id"),
        (lambda: change(event(), "type", ""), "missing", "type"),
        (lambda: change(event(), "user_id", "ü" * 129), "too_large", "user_id"),
        (lambda: change(event(), "text", "x" * 65537), "too_large", "text"),
        (lambda: change(event(), "text_kind", 9), "unknown_enum", "text_kind"),
        (lambda: change(event(), "dwell_seconds", -1.0), "out_of_range", "dwell_seconds"),
        (lambda: change(event(), "dwell_seconds", float("nan")), "out_of_range", "dwell_seconds"),
        (lambda: change(event(), "value", float("inf")), "out_of_range", "value"),
        (timeless, "missing", "time"),
        (lambda: at(0), "out_of_range", "time"),
        (lambda: at(NOW_MS + 25 * 3600 * 1000), "out_of_range", "time"),
        (embedded, "out_of_range", "image_embedding.values"),
        (lambda: embedded(1, float("nan")), "out_of_range", "image_embedding.values"),
        (lambda: embedded(1, encoder=""), "missing", "image_embedding.encoder"),
        (lambda: attributed(65), "too_large", "attributes"),
        (Item, "missing", "item_id"),
        (lambda: change(Item(item_id="i"), "price", -1.0), "out_of_range", "price"),
        (lambda: feedback(rating=5.5), "out_of_range", "rating"),
        (lambda: feedback(rating=0), "out_of_range", "rating"),
        (lambda: feedback(satisfaction=0), "missing", "satisfaction"),
        (lambda: feedback(satisfaction=8), "unknown_enum", "satisfaction"),
        (lambda: feedback(outcome={"name": ""}), "missing", "outcome.name"),
        (lambda: feedback(survey={"answer": 3}), "out_of_range", "survey.scale_max"),
        (lambda: feedback(survey={"answer": 3, "scale_max": 2}), "out_of_range", "survey.answer"),
        (feedback, "missing", "kind"),
        (lambda: change(feedback(rating=3), "event_id", ""), "missing", "event_id"),
    ],
)
def test_bad_messages_are_rejected(make: Callable[[], UserEvent | Item | Feedback], code: str, field: str) -> None:
    with pytest.raises(RejectedRecord) as caught:
        validate(make(), now_ms=NOW_MS)
    assert (caught.value.code, caught.value.field) == (code, field)


def faulty(field: str, value: object) -> Score:
    made = score_of(at_ms=NOW_MS)
    part, _, name = field.rpartition(".")
    setattr(getattr(made, part) if part else made, name, value)
    return made


def stars(*probabilities: float) -> Score:
    made = score_of(at_ms=NOW_MS)
    del made.rating.distribution[:]
    made.rating.distribution.extend(probabilities)
    return made


@pytest.mark.parametrize(
    ("score", "code", "field"),
    [
        (faulty("event_id", ""), "missing", "event_id"),
        (faulty("user_id", ""), "missing", "user_id"),
        (faulty("bundle", ""), "missing", "bundle"),
        (faulty("segment", "s" * 257), "too_large", "segment"),
        (faulty("rating.mean", 5.2), "out_of_range", "rating.mean"),
        (faulty("rating.lower", float("nan")), "out_of_range", "rating.lower"),
        (faulty("satisfaction.value", -0.1), "out_of_range", "satisfaction.value"),
        (stars(), "out_of_range", "rating.distribution"),
        (stars(0.2, 0.2, 0.2, 0.4), "out_of_range", "rating.distribution"),
        (stars(0.2, 0.2, 0.2, 0.2, 1.2), "out_of_range", "rating.distribution"),
    ],
)
def test_scores_that_nothing_can_be_judged_by_are_rejected(score: Score, code: str, field: str) -> None:
    validate(score_of(at_ms=NOW_MS), now_ms=NOW_MS)
    with pytest.raises(RejectedRecord) as caught:
        validate(score, now_ms=NOW_MS)
    assert (caught.value.code, caught.value.field) == (code, field)
