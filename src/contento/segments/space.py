"""The space in which users are compared: few directions, each user a point on a sphere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.compiled import compiled
from contento.segments.evidence import INTERESTS, LOOKS
from contento.segments.profile import Profile

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

DIRECTIONS: Final = 6
"""Principal directions kept. From 3 to 8 the agreement with planted groups is the same."""
BLOCK_WEIGHTS: Final = (1.0, 1.0, 0.2)
"""Of interests, looks and the model's representation, each scaled to length 1 in the mean. More of the representation
costs agreement: it tells of the last events and the mood more than of the user (docs/segments.md)."""
_PRIOR: Final = 10.0
"""Weight added to a user's evidence, so that little of it stays near the middle."""
LEAST_KNOWN: Final = 4.0
"""Representations of a bundle from which they tell of a user: after a change of bundle, fewer are chance."""
_NOTHING: Final = 1e-9
_UNREAD: Final = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Found from a sample of users; `L` values of a profile in, `d` directions out.

    Attributes:
        bundle: Hash of the bundle whose representations it reads.
        means: `[L]`, mean evidence of one unit of weight, which says nothing of a user.
        map: `[d, L]`, of centred evidence to directions; blocks are scaled in it.
        middle: `[d]`, the sample's mean after it.
    """

    bundle: str
    means: Doubles
    map: Doubles
    middle: Doubles

    def place(self, profile: Profile) -> Doubles | None:
        """Return the user's place `[d]`, of length 1; `None`: what they showed cannot be read here."""
        known = reads(profile, self.bundle) and len(profile.representation) == len(self.means) - INTERESTS - LOOKS
        placed = _place(
            self.map, self.means, self.middle,
            profile.interests, profile.weight, profile.looks, profile.looks_weight,
            profile.representation if known else _UNREAD, profile.known,
            profile.power + _PRIOR,
        )  # fmt: skip
        return placed if len(placed) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The users of a sample in their space.

    Attributes:
        rows: `[M]`, which of the profiles have a place.
        places: `[M, d]`, of length 1.
        weights: `[M]`, square root of each one's events: who showed more says more.
        spread: `[d]`, standard deviation along each direction, before the places were scaled to length 1.
    """

    rows: NDArray[np.intp]
    places: Doubles
    weights: Doubles
    spread: Doubles


@compiled
def _place(  # noqa: PLR0917 - what is compiled is called without keywords
    onto: Doubles,
    means: Doubles,
    middle: Doubles,
    interests: Floats,
    weight: float,
    looks: Floats,
    looks_weight: float,
    representation: Floats,
    known: float,
    noise: float,
) -> Doubles:
    """Return a place of length 1; empty where there is none. A representation that is not read is empty."""
    centred = np.zeros(len(means))
    there = False
    start = 0
    for values, behind in ((interests, weight), (looks, looks_weight), (representation, known)):
        for place in range(len(values)):
            there = there or values[place] != 0
            centred[start + place] = (values[place] - behind * means[start + place]) / math.sqrt(noise)
        start += len(values)
    if not there:
        return np.zeros(0)
    placed = -middle
    square = 0.0
    for direction in range(len(middle)):
        for place in range(len(means)):
            placed[direction] += onto[direction, place] * centred[place]
        square += placed[direction] * placed[direction]
    return placed / math.sqrt(square) if math.sqrt(square) > _NOTHING else np.zeros(0)


def reads(profile: Profile, bundle: str) -> bool:
    """Return whether a user's representations by this bundle are enough to tell of them."""
    return profile.bundle == bundle and profile.known >= LEAST_KNOWN


def find_space(profiles: Sequence[Profile], bundle: str) -> tuple[Space, Sample] | None:
    """Return the space of a sample, and its users in it.

    Args:
        profiles: `N` users.
        bundle: Hash of the bundle whose representations are read.

    Returns:
        `None` when all users are alike.
    """
    size = max((len(each.representation) for each in profiles if reads(each, bundle)), default=0)
    sums = np.full((len(profiles), INTERESTS + LOOKS + size), np.nan)
    weights, scales = np.ones_like(sums), np.ones((len(profiles), 1))
    for row, profile in enumerate(profiles):
        found = _values(profile, bundle, size)
        if found is not None:
            sums[row], weights[row], scales[row] = found
    there = ~np.isnan(sums[:, 0])
    sums, weights, scales = sums[there], weights[there], scales[there]
    total = weights.sum(0)
    means = np.divide(sums.sum(0), total, out=np.zeros(len(total)), where=np.abs(total) > _NOTHING)
    centred = (sums - weights * means) / scales
    edges = (0, INTERESTS, INTERESTS + LOOKS, INTERESTS + LOOKS + size)
    factors = np.zeros(len(total))
    for block, weight in enumerate(BLOCK_WEIGHTS):
        part = slice(edges[block], edges[block + 1])
        power = float((centred[:, part] ** 2).sum(1).mean()) if len(centred) else 0.0
        factors[part] = weight / np.sqrt(power) if power > _NOTHING else 0.0
    scaled = centred * factors
    middle = scaled.mean(0) if len(scaled) else np.zeros(len(total))
    scaled -= middle
    variances, directions = np.linalg.eigh(scaled.T @ scaled)
    kept = np.argsort(-variances, kind="stable")[:DIRECTIONS]
    kept = kept[variances[kept] > _NOTHING * max(1, len(scaled))]
    if not len(kept):
        return None
    axes = directions[:, kept].T
    placed = scaled @ axes.T
    length = np.linalg.norm(placed, axis=1)
    far = length > _NOTHING
    rows = np.flatnonzero(there)[far]
    return Space(bundle=bundle, means=means, map=axes * factors, middle=axes @ middle), Sample(
        rows=rows,
        places=placed[far] / length[far, None],
        weights=np.sqrt([profiles[row].events for row in rows.tolist()]),
        spread=placed.std(0),
    )


def _values(profile: Profile, bundle: str, size: int) -> tuple[Doubles, Doubles, float] | None:
    """Return the sums `[L]`, the weight behind each `[L]`, and the scale of their noise; `None`: there are none."""
    sums, weights = np.zeros(INTERESTS + LOOKS + size), np.zeros(INTERESTS + LOOKS + size)
    sums[:INTERESTS], weights[:INTERESTS] = profile.interests, profile.weight
    looks = slice(INTERESTS, INTERESTS + LOOKS)
    sums[looks], weights[looks] = profile.looks, profile.looks_weight
    if reads(profile, bundle) and len(profile.representation) == size:
        # A sum over another bundle's representations says nothing here: the user counts as average in it.
        sums[looks.stop :], weights[looks.stop :] = profile.representation, profile.known
    return (sums, weights, float(np.sqrt(profile.power + _PRIOR))) if sums.any() else None
