"""The segments as last fitted: the space, the centres and their names."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from contento.contracts.checkpoint import StateFormatError
from contento.segments.profile import Profile
from contento.segments.space import Space

Doubles = NDArray[np.float64]
_FORMAT: Final = 1
_ARRAYS: Final = ("means", "map", "middle", "centres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Where the segments lie.

    Attributes:
        space: The space.
        centres: `[k, d]`, of length 1.
        names: `[k]`, segment ids.
    """

    space: Space
    centres: Doubles
    names: tuple[str, ...]

    def nearest(self, profile: Profile, margin: float) -> str:
        """Return the segment of a user, their own unless another is nearer by a margin of the cosine.

        A user who cannot be placed stays where they are.
        """
        place = self.space.place(profile)
        if place is None:
            return profile.segment
        near = self.centres @ place
        best = int(near.argmax())
        if profile.segment in self.names and near[best] - near[self.names.index(profile.segment)] < margin:
            return profile.segment
        return self.names[best]

    def to_bytes(self) -> bytes:
        """Return all of it: a line of JSON, then the arrays."""
        arrays = (self.space.means, self.space.map, self.space.middle, self.centres)
        head = {
            "format": _FORMAT,
            "bundle": self.space.bundle,
            "names": self.names,
            "shapes": [array.shape for array in arrays],
        }
        return b"\n".join((orjson.dumps(head), b"".join(array.astype("<f8", copy=False).tobytes() for array in arrays)))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Fitted":
        """Read what `to_bytes` wrote.

        Raises:
            StateFormatError: Another format.
        """
        line, _, values = data.partition(b"\n")
        head: dict[str, Any] = orjson.loads(line)
        if head.get("format") != _FORMAT:
            raise StateFormatError(
                "the kept segments are of another format: start with an empty segment state, or with the version of "
                "Contento that wrote it"
            )
        at, arrays = 0, {}
        for name, shape in zip(_ARRAYS, head["shapes"], strict=True):
            count = int(np.prod(shape))
            arrays[name] = np.frombuffer(values, "<f8", count, at).astype(np.float64).reshape(shape)
            at += 8 * count
        centres = arrays.pop("centres")
        return cls(space=Space(bundle=head["bundle"], **arrays), centres=centres, names=tuple(head["names"]))
