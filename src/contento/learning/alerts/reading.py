"""How an alert reads: its parts in words, and as JSON."""

from collections.abc import Mapping
from typing import Final

from google.protobuf import json_format

from contento.contracts.messages import DriftAlert, DriftKind, Estimate, Severity
from contento.contracts.validation import time_ms

KINDS: Final[Mapping[int, str]] = {
    DriftKind.DRIFT_KIND_UNSPECIFIED: "unknown",
    DriftKind.DRIFT_KIND_ERROR: "error",
    DriftKind.DRIFT_KIND_CALIBRATION: "calibration",
    DriftKind.DRIFT_KIND_SCORES: "scores",
    DriftKind.DRIFT_KIND_INPUT: "input",
    DriftKind.DRIFT_KIND_SATISFACTION: "satisfaction",
}
"""A kind's name: on the command line, in labels of metrics and in the runbook."""
SEVERITIES: Final[Mapping[int, str]] = {
    Severity.SEVERITY_UNSPECIFIED: "unknown",
    Severity.SEVERITY_NOTICE: "notice",
    Severity.SEVERITY_TICKET: "ticket",
    Severity.SEVERITY_PAGE: "page",
}
"""A severity's name, least urgent first."""
TITLES: Final[Mapping[str, str]] = {
    "unknown": "something drifted",
    "error": "scores are off",
    "calibration": "scores are too sure",
    "scores": "scores have shifted",
    "input": "inputs have changed",
    "satisfaction": "satisfaction has fallen",
}
"""What has happened, by kind."""

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def kind(alert: DriftAlert) -> str:
    """Return the name of its kind; that of a newer version is `unknown`."""
    return KINDS.get(alert.kind, "unknown")


def severity(alert: DriftAlert) -> str:
    """Return the name of its severity; that of a newer version is `unknown`."""
    return SEVERITIES.get(alert.severity, "unknown")


def where(alert: DriftAlert) -> str:
    """Return whom or what it concerns, e.g. `item i17 of kettles, segment de`."""
    watched = watched_key(alert)
    parts = [f"{watched[0]} {watched[1]}"] if watched else []
    if alert.item_group and watched != ("group", alert.item_group):
        parts = [f"{parts[0]} of {alert.item_group}"] if parts else [alert.item_group]
    if alert.segment and watched != ("segment", alert.segment):
        parts.append(f"segment {alert.segment}")
    if alert.tower:
        parts.append(f"{alert.tower} input")
    return ", ".join(parts) or "everywhere"


def watched_key(alert: DriftAlert) -> tuple[str, str] | None:
    """Return what a satisfaction alert's monitor watches: `item`, `group`, `segment` or `topic`, and which one."""
    parts = alert.monitor.split("/", 2)
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "satisfaction" else None


def since(alert: DriftAlert, now_ms: int) -> str:
    """Return since when, and how long ago that is, e.g. `2026-03-18 08:15 UTC, 3 h 25 min ago`.

    Args:
        alert: The alert; without a change point the time of its detection counts.
        now_ms: The present, unix milliseconds.
    """
    at = alert.change_time if alert.HasField("change_time") else alert.detected_time
    if not at.seconds:
        return "an unknown time"
    return f"{at.ToDatetime():%Y-%m-%d %H:%M} UTC, {ago(time_ms(at), now_ms)}"


def ago(then_ms: int, now_ms: int) -> str:
    """Return how long ago a time is, in its two largest units."""
    seconds = (now_ms - then_ms) // 1000
    if seconds < 1:
        return "just now"
    parts: list[str] = []
    for size, unit in _UNITS:
        if seconds >= size or parts:
            parts.append(f"{seconds // size} {unit}" if seconds >= size else "")
            seconds %= size
        if len(parts) == 2:
            break
    return f"{' '.join(part for part in parts if part)} ago"


def change(alert: DriftAlert) -> str:
    """Return before and after with their intervals; empty where the alert has neither."""
    if not alert.HasField("before") and not alert.HasField("after"):
        return ""
    before = estimate(alert.before) if alert.HasField("before") else "unknown"
    after = estimate(alert.after) if alert.HasField("after") else "unknown"
    return f"{before} → {after}"


def estimate(of: Estimate) -> str:
    """Return a value with its interval and the samples behind it."""
    samples = f", {of.samples:,} sample{'s' if of.samples != 1 else ''}" if of.samples else ""
    return f"{of.value:.2f} ({of.lower:.2f} to {of.upper:.2f}{samples})"


def how_sure(alert: DriftAlert) -> str:
    """Return its confidence in words; never rounded up to certainty."""
    if not alert.confidence:
        return "not stated"
    if alert.confidence > 0.9999:
        return "more than 99.99 %"
    return f"{alert.confidence * 100:.4g} %"


def to_json(alert: DriftAlert) -> str:
    """Return it as proto3 JSON in one line, with the names of `alert.proto`."""
    return json_format.MessageToJson(
        alert, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=None
    )
