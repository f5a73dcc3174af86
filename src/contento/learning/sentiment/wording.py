"""How a fall of satisfaction is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import xxhash

from contento.contracts.messages import DriftAlert, DriftKind, Estimate, Severity
from contento.learning.sentiment.detector import Level
from contento.learning.sentiment.watched import JUDGED, SOURCES, Kind, Watched

_ACTIONS: Final[Mapping[Kind, str]] = {
    "item": "Nothing is changed: the scores of this item follow what people say of it. See the texts, then the item.",
    "group": "Nothing is changed: scores follow what people say. See what these items have in common.",
    "segment": "Nothing is changed: scores follow what people say. See what has changed for these users.",
    "topic": "Nothing is changed. See whether the texts have a cause that more than their writers will meet.",
    "everywhere": "Nothing is changed, and no item or segment is told apart for a while. See what was released, "
    "and whether scores drifted too: then the scorer is at fault, not the product.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A fall that is to be told.

    Attributes:
        stream: Which stream shows it.
        before: Satisfaction before.
        after: Satisfaction since.
        since_ms: When it fell, unix milliseconds.
        detected_ms: When that was seen, likewise.
        confidence: 1 - (chance that such evidence comes by chance), in [0, 1].
        evidence: Texts that say why, masked.
        bundle: Whose scores they are.
    """

    stream: int
    before: Level
    after: Level
    since_ms: int
    detected_ms: int
    confidence: float
    evidence: Sequence[str]
    bundle: str


def build_alert(watched: Watched, fall: Fall) -> DriftAlert:
    """Return the alert that tells a fall. The same fall has the same id whoever tells it."""
    monitor = f"satisfaction/{watched.kind}" + (f"/{watched.id}" if watched.id else "")
    alert = DriftAlert(
        alert_id="satisfaction-" + xxhash.xxh3_64_hexdigest(f"{monitor}\0{fall.detected_ms}\0{fall.since_ms}".encode()),
        monitor=monitor,
        kind=DriftKind.DRIFT_KIND_SATISFACTION,
        severity=_severity(watched.kind, fall.stream),
        segment=watched.id if watched.kind == "segment" else "",
        item_group=watched.id if watched.kind == "group" else watched.group,
        before=_estimate(fall.before),
        after=_estimate(fall.after),
        confidence=fall.confidence,
        summary=_summary(watched, fall),
        action=_ACTIONS[watched.kind],
        bundle=fall.bundle,
        evidence=fall.evidence,
    )
    alert.detected_time.FromMilliseconds(fall.detected_ms)
    alert.change_time.FromMilliseconds(fall.since_ms)
    return alert


def _severity(kind: Kind, stream: int) -> Severity:
    """Page for what users themselves say everywhere; a single item, group or segment can wait for the morning."""
    if kind == "everywhere" and stream == JUDGED:
        return Severity.SEVERITY_PAGE
    return Severity.SEVERITY_NOTICE if kind == "topic" else Severity.SEVERITY_TICKET


def _summary(watched: Watched, fall: Fall) -> str:
    whose = {
        "everywhere": "Satisfaction everywhere",
        "group": f"Satisfaction with {watched.id}",
        "segment": f"Satisfaction in segment {watched.id}",
        "item": f"Satisfaction with item {watched.id}" + (f" ({watched.group})" if watched.group else ""),
        "topic": f"Satisfaction of those who write “{watched.id}”",
    }[watched.kind]
    at = datetime.fromtimestamp(fall.since_ms / 1000, UTC)
    return (
        f"{whose} has fallen from {fall.before.mean:.2f} to {fall.after.mean:.2f} since {at:%Y-%m-%d %H:%M} UTC, "
        f"by {SOURCES[fall.stream]}."
    )


def _estimate(level: Level) -> Estimate:
    return Estimate(value=level.mean, lower=level.lower, upper=level.upper, samples=level.samples)
