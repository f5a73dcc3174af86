"""Correcting what a bundle says of a rating by what ratings so far have told: the same code for learner and scorer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.correction.known import Known
from contento.model.correction.stack import Stack
from contento.model.correction.steps import NOISE, features
from contento.model.correction.tags import Tags
from contento.model.correction.tilt import Stars, mean_of, tilted, variance_of
from contento.model.online.conformal import AdaptiveInterval
from contento.model.online.distribution import StarDistribution

COVERAGE: Final = 0.9
"""Share of ratings that shall fall inside their interval."""
_PACE: Final = 0.02
"""Share of the newest surprise in the moving difference between the two distributions."""
_KEEN: Final = 25.0
"""How strongly that difference, in nats, decides between them."""
_HEAD_START: Final = 0.1
"""Nats in favour of the bundle's own shape before the first rating."""
_LEAST_P: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A rating as it is served.

    Attributes:
        mean: Expectation, in [1, 5].
        lower: Lower end of its interval.
        upper: Upper end.
        distribution: P(1), ..., P(5), of that mean.
    """

    mean: float
    lower: float
    upper: float
    distribution: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Somebody is about to rate something, and a bundle has been asked.

    Attributes:
        distribution: P(1), ..., P(5), as the bundle says alone.
        user: What is known of the user.
        item: What is known of the item.
        tags: Of the item.
        time_ms: When, unix milliseconds.
    """

    distribution: Sequence[float]
    user: Known
    item: Known
    tags: Tags
    time_ms: int


class BundleCorrection:
    """What is added to one bundle's answers, learned from the ratings of those."""

    def __init__(
        self,
        stack: Stack,
        interval: AdaptiveInterval,
        stars: StarDistribution,
        *,
        ahead: float = _HEAD_START,
        ratings: int = 0,
    ) -> None:
        """Take its parts.

        Args:
            stack: Corrects the mean.
            interval: Holds the ends to their coverage.
            stars: Says how ratings spread about what is expected.
            ahead: By how many nats a rating the bundle's own shape has lately been better than that, decayed.
            ratings: That all this was learned from.
        """
        self.stack, self.interval, self.stars = stack, interval, stars
        self.ahead, self.ratings = ahead, ratings

    def correct(self, of: Situation, tag_residuals: NDArray[np.float32]) -> Corrected:
        """Return what is served; changes nothing."""
        _, mean, _, own, ordinal = self._asked(of, tag_residuals)
        return self._answer(mean, own, ordinal)[0]

    def learn(self, of: Situation, tag_residuals: NDArray[np.float32], rating: float) -> Corrected:
        """Take a rating in, and return what would have been served just before."""
        self.ratings += 1
        row, mean, spread, own, ordinal = self._asked(of, tag_residuals)
        answer, stated = self._answer(mean, own, ordinal)
        star = min(max(math.floor(rating + 0.5), 1), 5) - 1
        gain = math.log(max(own[star], _LEAST_P)) - math.log(max(ordinal[star], _LEAST_P))
        self.ahead += _PACE * (gain - self.ahead)
        self.interval.learn(mean, stated, rating)
        self.stars.learn(mean, spread, rating)
        self.stack.learn(row, rating - mean_of(of.distribution))
        return answer

    def _asked(
        self, of: Situation, tag_residuals: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], float, float, Stars, list[float]]:
        """Return features, mean, spread, and the two distributions about that mean."""
        bundle_mean = mean_of(of.distribution)
        user, item = of.user, of.item
        variance = user.bias_variance + item.bias_variance
        row = features(
            user.mean,
            item.mean,
            variance,
            user.traces,
            item.traces,
            of.tags.categories,
            of.tags.traits,
            tag_residuals,
            bundle_mean,
            max(of.time_ms - user.last_ms, 0) / 1000 if user.last_ms else -1.0,
            max(of.time_ms - user.first_ms, 0) / 1000 if user.first_ms else -1.0,
        )
        mean = min(max(bundle_mean + self.stack.predict(row), 1.0), 5.0)
        spread = math.sqrt(NOISE + variance)
        return row, mean, spread, tilted(of.distribution, mean), self.stars.masses(mean, spread)

    def _answer(self, mean: float, own: Stars, ordinal: list[float]) -> tuple[Corrected, float]:
        """Return what is served, and the standard deviation it states."""
        share = 1 / (1 + math.exp(min(max(-_KEEN * self.ahead, -30.0), 30.0)))
        found = tilted([share * p + (1 - share) * q for p, q in zip(own, ordinal, strict=True)], mean)
        stated = math.sqrt(max(variance_of(found), 0.05))
        lower, upper = self.interval.interval(mean, stated)
        return Corrected(mean=mean, lower=lower, upper=upper, distribution=found), stated
