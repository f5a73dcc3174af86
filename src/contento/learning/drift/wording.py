"""From findings to an alert that a tired person understands at once."""

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from contento.contracts.messages import DriftAlert, Estimate, Severity
from contento.learning.drift.finding import Finding
from contento.learning.drift.signals import QUALITY, RULES, Family, Unit, unit_of

_CHANGES_PER_UPDATE: Final = 1e-4
"""One true change in 10,000 updates, before anything is seen: what the confidence starts from."""
_NORMAL_95: Final = 1.96
_PAGING: Final[dict[tuple[Family, str], float]] = {("error", "rating"): 0.15, ("bias", "rating"): 0.3}
_PAGING_ELSE: Final = 0.05
"""Scores page when, at the near end of the interval of what they are now, they are worse by that much."""
_PAGING_RATIO: Final = 1.2
"""An error must, to page, be that many times the former one at the near end besides."""


def alert_of(
    lead: Finding, others: Sequence[Finding] = (), *, where: Sequence[str] = (), cause: str = ""
) -> DriftAlert:
    """Return the alert of one cause.

    Args:
        lead: The finding that says best what happened.
        others: What changed with it.
        where: Segments in which it shows, if it does not show everywhere.
        cause: What was told before and may have caused it.
    """
    change, unit = lead.change, unit_of(lead.family, lead.subject)
    before = _estimate(change.before, change.before_deviation, change.before_samples, lead.batch, unit)
    after = _estimate(change.after, change.after_deviation, change.after_samples, lead.batch, unit)
    segment = lead.segment or (where[0] if len(where) == 1 else "")
    alert = DriftAlert(
        alert_id=hashlib.sha256(f"{lead.monitor}\n{lead.event_id}\n{lead.time_ms}".encode()).hexdigest()[:32],
        monitor=lead.monitor,
        kind=RULES[lead.family].kind,
        severity=severity_of(lead),
        segment=segment,
        item_group=lead.item_id,
        tower=lead.subject if lead.family == "missing" else "",
        before=before,
        after=after,
        confidence=1 - 1 / (1 + change.evidence * _CHANGES_PER_UPDATE),
        summary=_summary(lead, others, where=where, cause=cause),
        action=_action(lead, others),
        bundle=lead.bundle,
        evidence=lead.texts,
    )
    alert.detected_time.FromMilliseconds(lead.time_ms)
    alert.change_time.FromMilliseconds(min(change.begin, lead.time_ms))
    return alert


def severity_of(found: Finding) -> Severity:
    """Return a page when scores have become much worse, a ticket when they have become worse, else a notice."""
    if not found.worse:
        return Severity.SEVERITY_NOTICE
    change, unit = found.change, unit_of(found.family, found.subject)
    least = _PAGING.get((found.family, found.subject), _PAGING_ELSE)
    near = abs(change.rise) - _half_width(change.after_deviation, change.after_samples)
    much = near * unit.scale >= least and (
        found.family != "error" or change.before + near >= _PAGING_RATIO * change.before
    )
    return Severity.SEVERITY_PAGE if much else Severity.SEVERITY_TICKET


def _summary(lead: Finding, others: Sequence[Finding], *, where: Sequence[str], cause: str) -> str:
    unit = unit_of(lead.family, lead.subject)
    old, new = (unit.show(unit.read(value)) for value in (lead.change.before, lead.change.after))
    since = datetime.fromtimestamp(min(lead.change.begin, lead.time_ms) / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    segments = [lead.segment] if lead.segment else list(where)
    place = f" in segment{'s' if len(segments) > 1 else ''} {', '.join(segments)}" if segments else ""
    said = f"{_what(lead, others, old=old, new=new)}{place} since {since}."
    also = sorted({_short(each) for each in others if each.family != lead.family})
    if also:
        said += f" With it changed: {', '.join(also)}."
    if cause:
        said += f" Shortly before: {cause}"
    return said


def _what(lead: Finding, others: Sequence[Finding], *, old: str, new: str) -> str:
    subject, rose = lead.subject, lead.change.rise > 0
    verb = "rose" if rose else "fell"
    if lead.family == "missing":
        towers = [
            subject,
            *(each.subject for each in others if each.family == "missing" and (each.change.rise > 0) == rose),
        ]
        names = " and ".join(dict.fromkeys(towers))
        if rose:
            return f"Outage: {names} missing; without {subject} are {new} of scores instead of {old}"
        return f"Outage over: {names} back; without {subject} are {new} of scores instead of {old}"
    if lead.family == "repeats":
        if rose and lead.change.before < 0.5:
            item = f", mostly on item {lead.item_id}" if lead.item_id else ""
            said = f"Spam burst: {new} of {subject} texts repeat recent ones or come in haste, instead of {old}"
            return f"{said}, from {lead.users} users{item},"
        over = "" if rose else "Spam burst over: "
        return f"{over}{subject} texts that repeat recent ones or come in haste {verb} from {old} to {new}"
    named = {
        "error": {"rating": "Ratings are off by {new} instead of {old}"}.get(
            subject, f"Errors of {subject} {verb} from {{old}} to {{new}}"
        ),
        "bias": {"rating": "Ratings given are {new} from the predicted ones on average instead of {old}"}.get(
            subject, f"{subject.capitalize()} differs from its predicted probability by {{new}} instead of {{old}}"
        ),
        "coverage": "{new} of ratings lie outside their interval instead of {old}",
        "unseen": f"{subject.capitalize()}s not seen before rose from {{old}} to {{new}} of scores",
        "mix": f"Events of type {subject} {verb} from {{old}} to {{new}}",
        "scores": {"width": f"Intervals of ratings {'widened' if rose else 'narrowed'} from {{old}} to {{new}}"}.get(
            subject, f"Predicted {subject} {verb} from {{old}} to {{new}}"
        ),
        "representation": "What the model sees of users has moved",
    }[lead.family]
    return named.format(old=old, new=new)


def _short(found: Finding) -> str:
    return {
        "missing": f"missing {found.subject}",
        "repeats": f"repeated {found.subject} texts",
        "unseen": f"new {found.subject}s",
        "mix": f"{found.subject} events",
        "scores": "interval width" if found.subject == "width" else f"predicted {found.subject}",
        "representation": "users' representations",
    }.get(found.family, found.monitor)


def _action(lead: Finding, others: Sequence[Finding]) -> str:
    if lead.family in QUALITY:
        if lead.worse:
            return "A candidate is trained on recent feedback; it serves once it beats the bundle that serves now."
        return "Nothing: quality became better. The monitor has begun to learn the new normal."
    if lead.family == "missing":
        towers = [lead.subject, *(each.subject for each in others if each.family == "missing")]
        if lead.change.rise > 0:
            return f"Scores go on without it. Check what sends {' and '.join(dict.fromkeys(towers))}."
        return "Nothing: the input is there again."
    if lead.family == "repeats" and lead.change.rise > 0:
        return "Scores go on. Check these users and texts before feedback of theirs is learned from."
    return "Nothing yet: labels will tell whether quality suffers. The monitor has begun to learn the new normal."


def _estimate(mean: float, deviation: float, updates: int, batch: int, unit: Unit) -> Estimate:
    half = _half_width(deviation, updates)
    value, lower, upper = (unit.read(each) for each in (mean, max(mean - half, 0.0), min(mean + half, 1.0)))
    return Estimate(value=value, lower=lower, upper=upper, samples=updates * batch)


def _half_width(deviation: float, updates: int) -> float:
    """Return half of the width of a mean's 95 % interval."""
    return _NORMAL_95 * deviation / math.sqrt(max(updates, 1))
