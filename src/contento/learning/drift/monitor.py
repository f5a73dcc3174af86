"""A detector with a name: one signal, everywhere or in one segment."""

import json
from typing import Any, Final

from contento.contracts.checkpoint import StateFormatError
from contento.learning.drift.detector import BettingDetector, Change
from contento.learning.drift.signals import BUDGET, RULES, UPDATES_PER_SAMPLE, Family

FORMAT: Final = 1
THRESHOLD: Final = UPDATES_PER_SAMPLE / BUDGET
"""9 updates a sample / 1e-5 false alarms a sample = 900,000 updates at least between a detector's false alarms."""


def parsed(entry: bytes) -> dict[str, Any]:
    """Return the state of an entry, less its format.

    Raises:
        ValueError: It is of another format.
    """
    state: dict[str, Any] = json.loads(entry)
    if state.pop("format", None) != FORMAT:
        raise ValueError(f"an entry of another format: {entry[:40]!r}")
    return state


class Monitor:
    """Watches one signal.

    Attributes:
        family: What kind of signal.
        subject: Which of them, e.g. a tower or an event type.
        segment: Where; empty: everywhere.
        name: Of the three, for people and for alerts.
        changed: Whether it has taken a sample since `changed` was last set to false.
    """

    __slots__ = (
        "_batch",
        "_begin",
        "_count",
        "_detector",
        "_threshold",
        "_total",
        "changed",
        "family",
        "name",
        "segment",
        "subject",
    )

    def __init__(self, family: Family, subject: str, segment: str = "", *, threshold: float = THRESHOLD) -> None:
        """Start without a baseline.

        Args:
            family: What kind of signal.
            subject: Which of them.
            segment: Where; empty: everywhere.
            threshold: As in `BettingDetector`.
        """
        self.family, self.subject, self.segment = family, subject, segment
        self.name = "/".join(part for part in (family, subject, segment) if part)
        self.changed = True
        self._threshold = threshold
        self._batch = RULES[family].batch
        self._detector: BettingDetector = RULES[family].detector(threshold)
        self._count, self._total, self._begin = 0, 0.0, 0

    @property
    def warm(self) -> bool:
        """Whether there is a baseline."""
        return self._detector.warm

    @property
    def batch(self) -> int:
        """Samples of one update."""
        return self._batch

    def add(self, value: float, time_ms: int) -> Change | None:
        """Take a sample; return the change that it completes, if it does.

        Args:
            value: In [0, 1].
            time_ms: When it was, by the message that it comes from.
        """
        self.changed = True
        if self._batch > 1:
            if not self._count:
                self._begin = time_ms
            self._count += 1
            self._total += value
            if self._count < self._batch:
                return None
            value, time_ms = self._total / self._count, self._begin
            self._count, self._total = 0, 0.0
        self._detector.update(value, time_ms)
        return self._detector.change

    def start_over(self) -> None:
        """Forget the baseline and all suspicion."""
        self._detector = RULES[self.family].detector(self._threshold)
        self._count, self._total, self._begin = 0, 0.0, 0
        self.changed = True

    def suspected(self) -> Change | None:
        """Return the change that it suspects by now, whether or not that is much."""
        return self._detector.suspected()

    def state(self) -> bytes:
        """Return its state as JSON."""
        state = {
            "format": FORMAT,
            "family": self.family,
            "subject": self.subject,
            "segment": self.segment,
            "batch": [self._count, self._total, self._begin],
            "detector": self._detector.state(),
        }
        return json.dumps(state, separators=(",", ":")).encode()

    @classmethod
    def restored(cls, name: str, entry: bytes, *, threshold: float = THRESHOLD) -> "Monitor":
        """Return the monitor of a state.

        Raises:
            StateFormatError: The state is of another format.
        """
        try:
            state = parsed(entry)
            made = cls(state["family"], state["subject"], state["segment"], threshold=threshold)
            made._count, made._total, made._begin = state["batch"]
            made._detector.restore(state["detector"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateFormatError(
                f"drift monitor {name}: expected format {FORMAT}, found {error}: "
                "start the version that wrote it, or delete this entry and let it warm up anew"
            ) from None
        made.changed = False
        return made
