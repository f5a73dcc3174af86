"""One cause, one alert: what has been told is not told again by every monitor that sees it too."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from contento.contracts.messages import Severity

Concern = Literal["worse", "better", "input"]
MEMORY: Final = 2_000
"""Samples over which an incident explains what else is found: of one cause, most monitors find it within that."""
_MOST: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that has been told.

    Attributes:
        concern: Whether quality became worse or better, or an input or the scores changed.
        segment: Where; empty: everywhere.
        severity: As told.
        sample: Number of the sample at which it was told, of those of its concern.
        time_ms: When it was told.
        names: What it is, e.g. `missing/text up`.
        summary: As told.
    """

    concern: Concern
    segment: str
    severity: int
    sample: int
    time_ms: int
    names: tuple[str, ...]
    summary: str


class Incidents:
    """What has been told lately."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._told: list[Incident] = []

    def tell(self, incident: Incident) -> None:
        """Remember that something has been told."""
        self._told = [*self._told, incident][-_MOST:]

    def explains_quality(
        self, concern: Concern, segments: Collection[str], sample: int, severity: Severity, *, begin_ms: int
    ) -> bool:
        """Return whether what was told, as severe, explains a change of quality in these segments.

        Args:
            concern: Worse or better.
            segments: Where; an empty name: everywhere.
            sample: Number of the judged sample.
            severity: How severe.
            begin_ms: Since when it has changed. What had begun when another was told is the same, however late it is
                found: small segments take their time.
        """
        return any(
            each.concern == concern
            and each.severity >= severity
            and (not each.segment or each.segment in segments)
            and (sample - each.sample <= MEMORY or begin_ms <= each.time_ms)
            for each in self._told
        )

    def explains_input(self, name: str, sample: int, *, begin_ms: int, telling: bool) -> bool:
        """Return whether a change of an input or of the scores has been told, or is what another brings with it.

        Args:
            name: Of the change.
            sample: Number of the score.
            begin_ms: Since when it has changed.
            telling: Whether it says what happened; else whatever was told explains it.
        """
        family = name.split("/", maxsplit=1)[0]
        return any(
            not telling
            or name in each.names
            # Of one family, and under way already when the other was told: it is the same.
            or (begin_ms <= each.time_ms and any(told.startswith(f"{family}/") for told in each.names))
            for each in self._inputs(sample)
        )

    def latest_input(self, sample: int) -> Incident | None:
        """Return what was told of inputs last, if it was lately."""
        return self._inputs(sample)[-1] if self._inputs(sample) else None

    def _inputs(self, sample: int) -> list[Incident]:
        return [each for each in self._told if each.concern == "input" and sample - each.sample <= MEMORY]

    def state(self) -> list[dict[str, Any]]:
        """Return everything remembered, of what JSON knows."""
        return [asdict(each) for each in self._told]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Take up a state that `state` has returned."""
        self._told = [Incident(**(each | {"names": tuple(each["names"])})) for each in state]
