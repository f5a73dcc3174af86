"""A change that a monitor found, with what was at hand when it did."""

from dataclasses import dataclass, field
from typing import Any

from contento.learning.drift.detector import Change
from contento.learning.drift.signals import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A change that a monitor found.

    Attributes:
        family: Of the monitor.
        subject: Of the monitor.
        segment: Of the monitor; empty: everywhere.
        batch: Samples of one update of the monitor.
        change: What it found.
        time_ms: When, by the message that completed it.
        event_id: Of the score that completed it.
        bundle: That answered there.
        texts: Texts that say why.
        item_id: The item mostly concerned; empty: none stands out.
        users: Users whose texts they are.
    """

    family: Family
    subject: str
    segment: str
    batch: int
    change: Change
    time_ms: int
    event_id: str
    bundle: str
    texts: list[str] = field(default_factory=list)
    item_id: str = ""
    users: int = 0

    @property
    def monitor(self) -> str:
        """The monitor's name."""
        return "/".join(part for part in (self.family, self.subject, self.segment) if part)

    @property
    def worse(self) -> bool:
        """Whether scores are worse than before; a change of inputs or of scores is neither better nor worse."""
        if self.family == "bias":
            return abs(self.change.after - 0.5) > abs(self.change.before - 0.5)
        return self.family in {"error", "coverage"} and self.change.rise > 0


def as_state(found: Finding) -> dict[str, Any]:
    """Return a finding as what JSON knows."""
    state = {name: getattr(found, name) for name in Finding.__dataclass_fields__}
    return state | {"change": {name: getattr(found.change, name) for name in Change.__dataclass_fields__}}


def from_state(state: dict[str, Any]) -> Finding:
    """Return the finding of what `as_state` has returned."""
    return Finding(**(state | {"change": Change(**state["change"])}))
