"""All monitors together: told of every score and every judged score, they answer with alerts."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import DriftAlert, Score
from contento.learning.drift.detector import Change
from contento.learning.drift.finding import Finding, as_state, from_state
from contento.learning.drift.incidents import Concern, Incident, Incidents
from contento.learning.drift.inputs import Inputs, Part
from contento.learning.drift.labels import judged_values
from contento.learning.drift.monitor import FORMAT, THRESHOLD, Monitor, parsed
from contento.learning.drift.segments import Segments
from contento.learning.drift.signals import QUALITY, RULES, TELLING, Family
from contento.learning.drift.visits import Visit, Visits
from contento.learning.drift.wording import alert_of, severity_of
from contento.learning.judged import Judged
from contento.model.interface import TOWERS

_COMPANY: Final = 16
"""Scores that an outage waits for what is missing with it: the alert shall name all of it."""
_DOUBT: Final = 160
"""Scores that a change which does not say what happened waits for one that does."""
_NAMING: Final[frozenset[Family]] = frozenset({"missing", "repeats"})
"""Families whose changes say what happened."""
_HINT: Final = 20.0
"""Wealth of the best bet from which on a monitor is believed when another is sure that something has changed, and the
question is only where, or what with it."""

_ACCOUNTED: Final = 0.8
"""Share of a change that segments must account for, to be named as where it is."""
_NAMED: Final = 3
"""Segments named, at most."""

_Key = tuple[Family, str, str]


class DriftWatch:
    """Watches scores and judged scores for changes. Implements `Checkpointed`.

    Called for every record by the one task that folds them, in their order. It reads no clock and draws
    nothing: times are the messages' own, `event_time` of scores and `time` of feedback. Scores of a rollout's
    candidate are left out: the rollout judges them.

    Attributes:
        suppressed: Changes found and not told, since the start of the process: another alert told of their cause.
    """

    def __init__(self, *, threshold: float = THRESHOLD) -> None:
        """Start without any baseline.

        Args:
            threshold: Least mean number of updates between false alarms of one monitor.
        """
        self.suppressed = 0
        self._threshold = threshold
        self._monitors: dict[_Key, Monitor] = {}
        self._inputs = Inputs()
        self._incidents = Incidents()
        self._segments = Segments()
        self._visits = Visits()
        self._outcomes: list[str] = []
        self._scored = self._judged = 0
        self._bundle = ""
        self._held: list[Finding] = []
        self._release = 0
        self._troubled: set[str] = set()
        self._touched = False
        self._gone: set[str] = set()

    def scored(self, score: Score) -> list[DriftAlert]:
        """Take a score; return what is now known to have changed, without any label.

        Args:
            score: As served. Read are its ids, times, arm, bundle, segment, event type, rating, satisfaction,
                missing towers, text and user representation.
        """
        if score.arm == "candidate":
            return []
        self._scored += 1
        self._touched = True
        if score.bundle != self._bundle:
            self._new_bundle(score.bundle)
        now = _milliseconds(score.event_time.seconds, score.event_time.nanos)
        for family, subject, value in self._inputs.values(score, now):
            change = self._add((family, subject, ""), value, now)
            if change:
                self._hold((family, subject, ""), change, score, now)
        segment = score.segment
        gone = self._segments.see(segment, self._scored)
        if gone:
            self._drop(lambda key: key[2] == gone)
        if segment in self._segments:
            key: _Key = ("scores", "satisfaction", segment)
            change = self._add(key, score.satisfaction.value, now)
            if change:
                self._hold(key, change, score, now)
        if self._held and self._scored >= self._release:
            return self._released()
        return []

    def judged(self, judged: Judged) -> list[DriftAlert]:
        """Take a judged score; return what is now known to have changed in quality.

        Args:
            judged: The score and what it was judged by; a change is dated by the feedback's time.
        """
        score = judged.score
        if score.arm == "candidate":
            return []
        self._judged += 1
        self._touched = True
        now = _milliseconds(judged.feedback.time.seconds, judged.feedback.time.nanos)
        label = Visit(score.user_id, score.segment, score.event_id, score.bundle, now, now)
        values = ((f"{family}/{subject}", value) for family, subject, value in judged_values(judged, self._outcomes))
        return [alert for visit in self._visits.add(label, values) for alert in self._visited(visit)]

    def _visited(self, visit: Visit) -> Iterator[DriftAlert]:
        """Yield what a visit that is over gives away."""
        segment = visit.segment if visit.segment in self._segments else ""
        for signal, value in visit.means():
            family, _, subject = signal.partition("/")
            # The segment first: if both find it now, the one that says where tells it.
            for where in (segment, "") if segment and family != "coverage" else ("",):
                key = (cast("Family", family), subject, where)
                change = self._add(key, value, visit.begin_ms)
                if change:
                    yield from self._quality(_found(key, change, visit, visit.end_ms))

    def changed(self) -> Mapping[str, bytes | None]:
        """Return the entries that have changed since the last call; see `Checkpointed`."""
        entries: dict[str, bytes | None] = dict.fromkeys(sorted(self._gone))
        for key, monitor in self._monitors.items():
            if monitor.changed:
                entries[_entry(key)] = monitor.state()
                monitor.changed = False
        if self._touched:
            entries["watch"] = _json(self._state())
        parts = self._inputs.parts()
        for name in sorted(self._inputs.changed):
            entries[name] = _json(parts[name][0]())
        self._gone, self._touched = set(), False
        self._inputs.changed.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up what these entries hold; see `Checkpointed`.

        Raises:
            StateFormatError: An entry is of a format that this version does not read.
        """
        # "inputs" comes before the "texts/..." that it makes room for.
        for name in sorted(entries):
            entry = entries[name]
            if name.startswith("monitor/"):
                monitor = Monitor.restored(name, entry, threshold=self._threshold)
                self._monitors[monitor.family, monitor.subject, monitor.segment] = monitor
                continue
            try:
                self._parts()[name][1](parsed(entry))
            except (KeyError, TypeError, ValueError) as error:
                raise StateFormatError(
                    f"drift state {name}: expected format {FORMAT}, found {error!r}: "
                    "start the version that wrote it, or delete the drift state and let it warm up anew"
                ) from None

    def _add(self, key: _Key, value: float, now: int) -> Change | None:
        monitor = self._monitors.get(key)
        if monitor is None:
            monitor = self._monitors[key] = Monitor(*key, threshold=self._threshold)
        return monitor.add(value, now)

    def _quality(self, found: Finding) -> Iterator[DriftAlert]:
        """Yield the alert of a change of quality, unless its cause has been told."""
        where = [] if found.segment else self._localised(found)
        self._settle(found)
        concern: Concern = "worse" if found.worse else "better"
        severity = severity_of(found)
        told = [found.segment] if found.segment else where
        if self._incidents.explains_quality(concern, told, self._judged, severity, begin_ms=found.change.begin):
            self.suppressed += 1
            return
        cause = self._incidents.latest_input(self._scored) if found.worse else None
        alert = alert_of(found, where=where, cause=cause.summary if cause else "")
        self._incidents.tell(
            Incident(
                concern=concern,
                segment=alert.segment,
                severity=int(severity),
                sample=self._judged,
                time_ms=found.time_ms,
                names=(found.monitor,),
                summary=alert.summary,
            )
        )
        yield alert

    def _localised(self, found: Finding) -> list[str]:
        """Return the segments that account for a change found everywhere, the largest first; none: it is general.

        What a change adds to the sum of all samples is compared with what the suspected changes of segments add.
        """
        shown: list[tuple[float, str]] = []
        for (family, subject, segment), monitor in self._monitors.items():
            suspected = monitor.suspected() if segment and (family, subject) == (found.family, found.subject) else None
            if suspected and suspected.evidence >= _HINT and suspected.rise * found.change.rise > 0:
                shown.append((abs(suspected.rise) * suspected.after_samples, segment))
        whole = abs(found.change.rise) * found.change.after_samples
        if not shown or sum(added for added, _ in shown) < _ACCOUNTED * whole:
            return []
        return [segment for _, segment in sorted(shown, reverse=True)][:_NAMED]

    def _settle(self, found: Finding) -> None:
        """Let the monitor of everywhere learn a segment's change as the new normal, or it would find it once more.

        Unless it suspects more than that segment accounts for: then the change may be general, and it goes on.
        """
        families = QUALITY if found.family in QUALITY else {found.family}
        if not found.segment:
            return
        added = abs(found.change.rise) * found.change.after_samples
        for family in sorted(families):
            monitor = self._monitors.get((family, found.subject, ""))
            if monitor is None or not monitor.warm:
                continue
            suspected = monitor.suspected()
            whole = abs(suspected.rise) * suspected.after_samples if suspected else 0.0
            if suspected is None or suspected.evidence < _HINT or added >= _ACCOUNTED * whole:
                monitor.start_over()

    def _hold(self, key: _Key, change: Change, score: Score, now: int) -> None:
        """Keep a change of an input or of the scores until what belongs to it has had time to show."""
        found = _found(key, change, score, now)
        if found.family in _NAMING and change.rise < 0:
            # A tower that comes to be there more often, as users become known, is no news; one that returns is.
            if found.monitor not in self._troubled:
                return
            self._troubled.discard(found.monitor)
        if found.family == "repeats":
            texts, item, users = self._inputs.texts[found.subject].suspects()
            found = _found(key, change, score, now, texts=texts, item_id=item, users=users)
        wait = {"missing": _COMPANY, "repeats": 0}.get(found.family, _DOUBT)
        release = self._scored + wait
        self._settle(found)
        self._release = min(self._release, release) if self._held else release
        self._held.append(found)

    def _released(self) -> list[DriftAlert]:
        """Return the alert of what was held, unless it has been told."""
        held, self._held = self._held, []
        # Of one family, what is found everywhere comes first, and of that what was found first.
        held.sort(key=lambda found: (TELLING.index(found.family), found.segment))
        lead, others = held[0], [*held[1:]]
        if lead.family == "missing":
            others += self._missing_too(lead, others)
        names = tuple(dict.fromkeys(_direction(found) for found in (lead, *others)))
        telling = lead.family in _NAMING
        if self._incidents.explains_input(names[0], self._scored, begin_ms=lead.change.begin, telling=telling):
            self.suppressed += len(held)
            return []
        self.suppressed += len(held) - 1
        if telling and lead.change.rise > 0:
            self._troubled |= {found.monitor for found in (lead, *others) if found.family in _NAMING}
        alert = alert_of(lead, others)
        self._incidents.tell(
            Incident(
                concern="input",
                segment=alert.segment,
                severity=int(alert.severity),
                sample=self._scored,
                time_ms=lead.time_ms,
                names=names,
                summary=alert.summary,
            )
        )
        return [alert]

    def _missing_too(self, lead: Finding, others: list[Finding]) -> list[Finding]:
        """Return, as findings, the other towers that are suspected to have gone, or come back, as well."""
        taken = {lead.subject, *(found.subject for found in others if found.family == "missing")}
        also = []
        for tower in TOWERS:
            monitor = self._monitors["missing", tower, ""]
            suspected = monitor.suspected()
            if tower in taken or suspected is None or suspected.evidence < _HINT:
                continue
            if suspected.rise * lead.change.rise > 0:
                also.append(replace(lead, subject=tower, change=suspected))
        return also

    def _new_bundle(self, bundle: str) -> None:
        """Let what another model must change begin anew: its scores, and how it sees users."""
        if self._bundle:
            self._drop(lambda key: key[0] in {"scores", "representation"})
            self._inputs.forget_users()
        self._bundle = bundle

    def _drop(self, which: Callable[[_Key], bool]) -> None:
        for key in [key for key in self._monitors if which(key)]:
            del self._monitors[key]
            self._gone.add(_entry(key))

    def _parts(self) -> dict[str, Part]:
        return {**self._inputs.parts(), "watch": (self._state, self._restore)}

    def _state(self) -> dict[str, Any]:
        return {
            "scored": self._scored,
            "judged": self._judged,
            "bundle": self._bundle,
            "outcomes": self._outcomes,
            "segments": self._segments.state(),
            "visits": self._visits.state(),
            "held": [as_state(found) for found in self._held],
            "release": self._release,
            "troubled": sorted(self._troubled),
            "incidents": self._incidents.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._scored, self._judged, self._release = (int(state[name]) for name in ("scored", "judged", "release"))
        self._bundle, self._outcomes = str(state["bundle"]), [str(name) for name in state["outcomes"]]
        self._segments.restore(state["segments"])
        self._visits.restore(state["visits"])
        self._troubled = set(state["troubled"])
        self._held = [from_state(found) for found in state["held"]]
        self._incidents.restore(state["incidents"])


def _found(
    key: _Key,
    change: Change,
    of: Score | Visit,
    now: int,
    *,
    texts: list[str] | None = None,
    item_id: str = "",
    users: int = 0,
) -> Finding:
    return Finding(
        family=key[0],
        subject=key[1],
        segment=key[2],
        batch=RULES[key[0]].batch,
        change=change,
        time_ms=now,
        event_id=of.event_id,
        bundle=of.bundle,
        texts=texts or [],
        item_id=item_id,
        users=users,
    )


def _direction(found: Finding) -> str:
    return f"{found.monitor} {'up' if found.change.rise > 0 else 'down'}"


def _entry(key: _Key) -> str:
    return f"monitor/{json.dumps(key)}"


def _json(state: dict[str, Any]) -> bytes:
    return json.dumps({"format": FORMAT, **state}, separators=(",", ":")).encode()


def _milliseconds(seconds: int, nanos: int) -> int:
    return seconds * 1000 + nanos // 1_000_000
