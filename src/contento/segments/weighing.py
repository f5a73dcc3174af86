"""How much an event says that its user liked what it was about."""

import math
from typing import Final

import orjson

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import Score
from contento.segments.evidence import Evidence

_INDIFFERENT: Final = 2.0
"""Expected rating, 1 to 5, that says neither like nor dislike. Returns and complaints lie about there."""
_FARTHEST: Final = 2.5
"""Standard deviations of the dwell that count at most."""
_TYPES: Final = 64
"""Event types whose dwell is told apart; further ones share one entry."""
_FORMAT: Final = 1


class Weighing:
    """Knows how long users stay with events of each type, and weighs an event by rating and dwell."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._dwell: dict[str, list[float]] = {}  # per type: count, mean, sum of squared deviations (Welford 1962)

    def weight(self, score: Score, evidence: Evidence) -> float:
        """Return the weight of an event and learn its dwell.

        It is the stars that the model expects above 2, plus how much longer than usual for its type the
        user stayed, in standard deviations. So what is looked at long counts most, what is passed over
        counts against, and what is sent back counts for nothing.
        """
        liking = score.rating.mean - _INDIFFERENT if math.isfinite(score.rating.mean) else 0.0
        if evidence.log_dwell is None or not math.isfinite(evidence.log_dwell):
            return liking
        name = score.event_type if score.event_type in self._dwell or len(self._dwell) < _TYPES else ""
        known = self._dwell.setdefault(name, [0.0, 0.0, 0.0])
        known[0] += 1
        off = evidence.log_dwell - known[1]
        known[1] += off / known[0]
        known[2] += off * (evidence.log_dwell - known[1])
        deviations = (evidence.log_dwell - known[1]) / math.sqrt(known[2] / known[0] + 1e-3)
        return liking + min(max(deviations, -_FARTHEST), _FARTHEST)

    def to_bytes(self) -> bytes:
        """Return all of it, as JSON."""
        return orjson.dumps({"format": _FORMAT, "dwell": self._dwell})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Weighing":
        """Read what `to_bytes` wrote.

        Raises:
            StateFormatError: Another format.
        """
        read = orjson.loads(data)
        if read.get("format") != _FORMAT:
            raise StateFormatError(
                "the kept dwell times are of another format: start with an empty segment state, or with the version "
                "of Contento that wrote it"
            )
        weighing = cls()
        weighing._dwell = read["dwell"]
        return weighing
