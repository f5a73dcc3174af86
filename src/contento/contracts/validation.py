"""What a decoded message must hold before it is used.

The limits keep one record from costing as much as a thousand: ids are keys, texts are cut by the
encoder at 128 tokens anyway (about 600 bytes of English, so 64 KiB is a hundred times enough), and
times outside these bounds are clocks gone wrong, which decayed averages would never recover from.
"""

import math
from collections.abc import Iterable

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Embedding, Feedback, Item, Score, UserEvent
from contento.contracts.rejection import RejectedRecord

MAX_ID_BYTES = 256
MAX_TEXT_BYTES = 64 * 1024
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE_BYTES = 4096
MAX_EMBEDDING = 4096
STARS = 5
_ROUNDING = 1e-3
"""Of probabilities and means in 32 bits, and then some."""
MAX_DWELL_SECONDS = 7 * 24 * 3600.0
EARLIEST_MS = 631_152_000_000  # 1990-01-01T00:00:00Z
FUTURE_MS = 24 * 3600 * 1000  # a day: time zones and clocks apart, nobody has done tomorrow's things


def validate(message: Message, *, now_ms: int) -> None:
    """Check an event, item, feedback or score.

    Args:
        message: A decoded `UserEvent`, `Item`, `Feedback` or `Score`; others pass.
        now_ms: The present, in unix milliseconds.

    Raises:
        RejectedRecord: A field is missing, out of range, too large, or an unknown enum value.
    """
    match message:
        case UserEvent():
            _validate_event(message, now_ms)
        case Item():
            _validate_item(message, now_ms)
        case Feedback():
            _validate_feedback(message, now_ms)
        case Score():
            _validate_score(message, now_ms)


def time_ms(time: Timestamp) -> int:
    """Return a time in unix milliseconds."""
    return time.seconds * 1000 + time.nanos // 1_000_000


def _validate_event(event: UserEvent, now_ms: int) -> None:
    _ids(event, required=("event_id", "user_id", "type"), optional=("session_id", "item_id", "experiment", "arm"))
    _time("time", event.time if event.HasField("time") else None, now_ms)
    _text("text", event.text)
    _enum(event, "text_kind")
    if event.HasField("dwell_seconds"):
        _number("dwell_seconds", event.dwell_seconds, 0, MAX_DWELL_SECONDS)
    if event.HasField("value"):
        _number("value", event.value, -1e12, 1e12)
    _attributes(event.attributes.items())
    if event.HasField("image_embedding"):
        _embedding(event.image_embedding)


def _validate_item(item: Item, now_ms: int) -> None:
    _ids(item, required=("item_id",), optional=("brand",))
    _text("title", item.title)
    _text("description", item.description)
    if item.HasField("price"):
        _number("price", item.price, 0, 1e12)
    if item.HasField("time"):
        _time("time", item.time, now_ms)
    _attributes(item.attributes.items())
    if item.HasField("image_embedding"):
        _embedding(item.image_embedding)


def _validate_feedback(feedback: Feedback, now_ms: int) -> None:
    _ids(feedback, required=("feedback_id", "user_id"), optional=("event_id", "item_id"))
    if not feedback.event_id and not feedback.item_id:
        raise RejectedRecord("missing", field="event_id", expected="an event id or an item id", found="neither")
    _time("time", feedback.time if feedback.HasField("time") else None, now_ms)
    _text("comment", feedback.comment)
    match feedback.WhichOneof("kind"):
        case "rating":
            _number("rating", feedback.rating, 1, 5)
        case "satisfaction":
            _enum(feedback, "satisfaction")
            if not feedback.satisfaction:
                raise RejectedRecord("missing", field="satisfaction", expected="a label", found="unspecified")
        case "outcome":
            _ids(feedback.outcome, required=("name",), path="outcome.")
        case "survey":
            survey = feedback.survey
            if not survey.scale_min < survey.scale_max:
                found = f"{survey.scale_min}..{survey.scale_max}"
                raise RejectedRecord("out_of_range", field="survey.scale_max", expected="a scale", found=found)
            _number("survey.answer", survey.answer, survey.scale_min, survey.scale_max)
        case _:
            kinds = "one of rating, satisfaction, outcome, survey"
            raise RejectedRecord("missing", field="kind", expected=kinds, found="none")


def _validate_score(score: Score, now_ms: int) -> None:
    _ids(score, required=("event_id", "user_id", "bundle"), optional=("item_id", "segment", "arm"))
    _time("event_time", score.event_time if score.HasField("event_time") else None, now_ms)
    rating, satisfaction = score.rating, score.satisfaction
    if len(rating.distribution) != STARS:
        found = f"{len(rating.distribution)}"
        expected = f"{STARS} probabilities"
        raise RejectedRecord("out_of_range", field="rating.distribution", expected=expected, found=found)
    for p in rating.distribution:
        _number("rating.distribution", p, 0, 1 + _ROUNDING)
    for name in ("mean", "lower", "upper"):
        _number(f"rating.{name}", getattr(rating, name), 1 - _ROUNDING, STARS + _ROUNDING)
    for name in ("p_negative", "p_neutral", "p_positive", "value"):
        _number(f"satisfaction.{name}", getattr(satisfaction, name), 0, 1 + _ROUNDING)


def _ids(message: Message, required: Iterable[str], optional: Iterable[str] = (), path: str = "") -> None:
    for name in required:
        value = getattr(message, name)
        if not value:
            raise RejectedRecord("missing", field=path + name, expected="a non-empty string", found="nothing")
        _length(path + name, value, MAX_ID_BYTES)
    for name in optional:
        _length(path + name, getattr(message, name), MAX_ID_BYTES)


def _length(field: str, value: str, limit: int) -> None:
    # Every character takes at least one and at most four bytes: most strings need no encoding to be judged.
    if len(value) * 4 > limit:
        size = len(value.encode())
        if size > limit:
            raise RejectedRecord("too_large", field=field, expected=f"at most {limit} bytes", found=f"{size} bytes")


def _text(field: str, value: str) -> None:
    _length(field, value, MAX_TEXT_BYTES)


def _time(field: str, time: Timestamp | None, now_ms: int) -> None:
    if time is None:
        raise RejectedRecord("missing", field=field, expected="a time", found="nothing")
    at = time_ms(time)
    if not EARLIEST_MS <= at <= now_ms + FUTURE_MS:
        expected = f"unix milliseconds from {EARLIEST_MS} (1990) to {now_ms + FUTURE_MS} (a day from now)"
        raise RejectedRecord("out_of_range", field=field, expected=expected, found=str(at))


def _number(field: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise RejectedRecord(
            "out_of_range", field=field, expected=f"a number from {least:g} to {most:g}", found=str(value)
        )


def _enum(message: Message, name: str) -> None:
    enum = message.DESCRIPTOR.fields_by_name[name].enum_type
    value = getattr(message, name)
    if enum is not None and value not in enum.values_by_number:
        names = ", ".join(v.name for v in enum.values)
        raise RejectedRecord("unknown_enum", field=name, expected=f"one of {names}", found=str(value))


def _attributes(attributes: Iterable[tuple[str, str]]) -> None:
    count = 0
    for key, value in attributes:
        count += 1
        _length("attributes", key, MAX_ID_BYTES)
        _length("attributes", value, MAX_ATTRIBUTE_BYTES)
    if count > MAX_ATTRIBUTES:
        raise RejectedRecord(
            "too_large", field="attributes", expected=f"at most {MAX_ATTRIBUTES} entries", found=f"{count}"
        )


def _embedding(embedding: Embedding) -> None:
    if not embedding.encoder:
        raise RejectedRecord("missing", field="image_embedding.encoder", expected="a name", found="nothing")
    if not 0 < len(embedding.values) <= MAX_EMBEDDING:
        raise RejectedRecord(
            "out_of_range",
            field="image_embedding.values",
            expected=f"1 to {MAX_EMBEDDING} numbers",
            found=f"{len(embedding.values)}",
        )
    if not math.isfinite(math.fsum(embedding.values)):
        raise RejectedRecord(
            "out_of_range", field="image_embedding.values", expected="finite numbers", found="NaN or infinity"
        )
