"""Split-conformal intervals round the expected rating."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contento.model.interface import RATINGS

_RATINGS = np.array(RATINGS, np.float32)
_LEAST_SPREAD = 0.25
"""Stars: a distribution that is all but certain must not shrink the interval to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How wide an interval must be.

    Attributes:
        coverage: Share of ratings that an interval holds, in (0, 1).
        width: Half the interval in standard deviations of the predicted distribution; infinite when
            too few ratings were there to say.
        samples: Ratings it was estimated from.
    """

    coverage: float = 0.9
    width: float = math.inf
    samples: int = 0

    def interval(self, rating: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return lower and upper ends `[N, 2]`, in [1, 5], for distributions `[N, 5]`."""
        mean, spread = moments(rating)
        ends = np.stack([mean - self.width * spread, mean + self.width * spread], axis=1)
        return np.asarray(np.clip(ends, RATINGS[0], RATINGS[-1]), np.float32)

    def as_json(self) -> dict[str, Any]:
        """Return the content of `calibration.json`; an infinite width is null."""
        width = self.width if math.isfinite(self.width) else None
        return {"coverage": self.coverage, "width": width, "samples": self.samples}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Read the content of `calibration.json`."""
        width = content.get("width")
        return cls(
            coverage=float(content["coverage"]),
            width=math.inf if width is None else float(width),
            samples=int(content["samples"]),
        )


def calibrate(rating: NDArray[np.float32], truth: NDArray[np.float64], coverage: float = 0.9) -> Calibration:
    """Return the split-conformal calibration of distributions `[N, 5]` against ratings `[N]`.

    The width is the `ceil((N + 1) * coverage)`-th smallest score, which makes the coverage hold in
    finite samples (Lei et al. 2018, "Distribution-free predictive inference for regression").
    """
    mean, spread = moments(rating)
    scores = np.sort(np.abs(truth - mean) / spread)
    rank = math.ceil((len(scores) + 1) * coverage)
    width = float(scores[rank - 1]) if rank <= len(scores) else math.inf
    return Calibration(coverage=coverage, width=width, samples=len(scores))


def moments(rating: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation, each `[N]`, of distributions `[N, 5]` over 1 to 5."""
    # Not `@`: with five columns of float32, OpenBLAS (0.3.31, AVX-512) also computes on what it finds on the stack. The
    # answer is right, but numpy may warn of an invalid value.
    mean = (rating * _RATINGS).sum(1)
    variance = (rating * (_RATINGS - mean[:, None]) ** 2).sum(1)
    return mean, np.sqrt(np.maximum(variance, _LEAST_SPREAD**2))
