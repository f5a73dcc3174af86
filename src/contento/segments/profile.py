"""What is remembered of one user: decayed sums, from which their place among the others is told."""

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.checkpoint import StateFormatError
from contento.model.compiled import compiled
from contento.segments.evidence import INTERESTS, LOOKS, Evidence

Floats = NDArray[np.float32]

_HEAD: Final = struct.Struct("<BQQdddddHHHH")
_FORMAT: Final = 1


@compiled
def _fold(total: Floats, keep: np.float32, values: Floats, gain: np.float32) -> None:
    """Let a sum fade, and add to it, in place."""
    for place in range(len(total)):
        total[place] = total[place] * keep + values[place] * gain


@dataclass(slots=True, kw_only=True)
class Profile:
    """A user's evidence, each piece weighed by how much they liked it, the old fading.

    Attributes:
        seen: Number of the score that showed the user last.
        events: Events in all.
        weight: Sum of the weights.
        power: Sum of their squares.
        looks_weight: Sum of the weights of events with a picture.
        known: Decayed count of representations.
        segment: Id of the segment the user is in; empty: none yet.
        told: Id of the segment that was last answered for the user.
        bundle: Hash of the bundle whose representations are summed up.
        interests: `[INTERESTS]`, weighed sum of sketches.
        looks: `[LOOKS]`, weighed sum of pictures.
        representation: `[U]`, sum of the model's representations.
        satisfaction: Decayed mean, in [0, 1].
    """

    seen: int = 0
    events: int = 0
    weight: float = 0.0
    power: float = 0.0
    looks_weight: float = 0.0
    known: float = 0.0
    satisfaction: float = 0.0
    segment: str = ""
    told: str = ""
    bundle: str = ""
    interests: Floats = field(default_factory=lambda: np.zeros(INTERESTS, np.float32))
    looks: Floats = field(default_factory=lambda: np.zeros(LOOKS, np.float32))
    representation: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    def add(self, evidence: Evidence, weight: float, *, bundle: str, satisfaction: float, retain: float) -> None:
        """Take in one more event.

        Args:
            evidence: What it tells.
            weight: How much the user liked it; below 0: they did not.
            bundle: Hash of the bundle that scored it. Another bundle's representations are another language:
                the sum starts anew.
            satisfaction: Of the user after it, in [0, 1].
            retain: Share of the old that stays, in (0, 1].
        """
        keep, gain = np.float32(retain), np.float32(weight)
        self.events += 1
        self.weight = self.weight * retain + weight
        self.power = self.power * retain + weight * weight
        _fold(self.interests, keep, evidence.interests, gain)
        self.looks_weight *= retain
        if evidence.looks is None:
            self.looks *= keep
        else:
            _fold(self.looks, keep, evidence.looks, gain)
            self.looks_weight += weight
        if self.bundle != bundle or len(self.representation) != len(evidence.representation):
            self.bundle, self.known = bundle, 0.0
            self.representation = np.zeros(len(evidence.representation), np.float32)
        self.known = self.known * retain + 1
        _fold(self.representation, keep, evidence.representation, np.float32(1))
        self.satisfaction += max(0.1, 1 / self.events) * (satisfaction - self.satisfaction)

    def to_bytes(self) -> bytes:
        """Return all of it."""
        names = [name.encode() for name in (self.segment, self.told, self.bundle)]
        head = _HEAD.pack(
            _FORMAT, self.seen, self.events, self.weight, self.power, self.looks_weight, self.known, self.satisfaction,
            *map(len, names), len(self.representation),
        )  # fmt: skip
        arrays = (self.interests, self.looks, self.representation)
        return b"".join((head, *names, *(array.astype("<f4", copy=False).tobytes() for array in arrays)))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Read what `to_bytes` wrote.

        Raises:
            StateFormatError: Another format.
        """
        if not data or data[0] != _FORMAT:
            raise StateFormatError(
                "the kept profile of a user is of another format: start with an empty segment state, or with the "
                "version of Contento that wrote it"
            )
        _, seen, events, weight, power, looks_weight, known, satisfaction, *lengths, size = _HEAD.unpack_from(data)
        at, names = _HEAD.size, []
        for length in lengths:
            names.append(data[at : at + length].decode())
            at += length
        arrays = np.frombuffer(data, "<f4", offset=at).astype(np.float32)
        if len(arrays) != INTERESTS + LOOKS + size:
            raise StateFormatError(
                "the kept profile of a user has another size: start with an empty segment state, or with the version "
                "of Contento that wrote it"
            )
        return cls(
            seen=seen,
            events=events,
            weight=weight,
            power=power,
            looks_weight=looks_weight,
            known=known,
            satisfaction=satisfaction,
            segment=names[0],
            told=names[1],
            bundle=names[2],
            interests=arrays[:INTERESTS].copy(),
            looks=arrays[INTERESTS : INTERESTS + LOOKS].copy(),
            representation=arrays[INTERESTS + LOOKS :].copy(),
        )
