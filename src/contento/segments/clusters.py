"""How many segments the users of a sample form, and where each lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from contento.segments.space import Sample

Doubles = NDArray[np.float64]

_STARTS: Final = 4
"""Random starts of each fit, besides the one from the segments there are."""
_HALF_STARTS: Final = 2
"""Those of each half."""
_CLOUDS: Final = 4
"""Clouds without clusters that a silhouette is compared with: one alone is uncertain by .02."""
_HALVINGS: Final = 4
"""Times the users are halved, to see whether both halves find the same."""
_COMPARED: Final = 500
"""Users by whom a number of clusters is judged."""
_TINY: Final = 3
"""Members below which a segment's mean place starts no cluster."""
_CLOSE: Final = 1.005
"""Sum of squares, times the least, up to which the clusters stay where the segments were."""
_SEED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The clusters of a sample.

    Attributes:
        centres: `[k, d]`, of length 1.
        labels: `[M]`, cluster of each user of the sample.
    """

    centres: Doubles
    labels: NDArray[np.intp]


def merits(sample: Sample, *, most: int) -> dict[int, float]:
    """Return how well each number of clusters from 2 to `most` fits the users, in [0, 1].

    It is the product of two figures. The first is the mean silhouette above that of Gaussian clouds of the
    same spread, since one cloud cut in pieces has a silhouette too (the idea of the gap statistic: Tibshirani
    et al., Estimating the number of clusters in a data set, 2001). The second is how far two halves of the
    users lead to the same clusters, as the adjusted Rand index (Ben-Hur et al., A stability based method for
    discovering structure in clustered data, 2002).
    """
    with threadpool_limits(limits=1):  # sums in another order are other sums: threads would change the answer
        judged = _Judged(sample)
        counts = range(2, min(most, len(sample.places) // 8) + 1)
        return {
            count: height * judged.stability(count) if (height := judged.height(count)) > 0 else 0.0 for count in counts
        }


def find_clusters(sample: Sample, before: Sequence[str], count: int) -> Clusters:
    """Return so many clusters, by spherical k-means; where the segments were, if that fits as well.

    Args:
        sample: The users.
        before: `[M]`, segment of each so far; empty: none.
        count: How many.
    """
    if count == 1:
        return Clusters(centres=_unit(sample.places.mean(0)[None]), labels=np.zeros(len(sample.places), np.intp))
    with threadpool_limits(limits=1):
        best = _fit(sample.places, count, _SEED, sample.weights)
        start = _starts(sample.places, before)
        if len(start) == count:
            stayed = KMeans(count, init=start, n_init=1).fit(sample.places, sample_weight=sample.weights)
            if stayed.inertia_ <= _CLOSE * best.inertia_:
                best = stayed
    return Clusters(centres=_unit(best.cluster_centers_), labels=best.labels_.astype(np.intp))


def _starts(places: Doubles, before: Sequence[str]) -> Doubles:
    """Return the mean place of each segment that has members, `[segments, d]`, sorted by id."""
    was = np.array(before, np.object_)
    counts = {name: int((was == name).sum()) for name in sorted(set(before)) if name}
    means = [places[was == name].mean(0) for name, count in counts.items() if count >= _TINY]
    return np.array(means).reshape(len(means), places.shape[1])


class _Judged:
    """Judges numbers of clusters, on some of the users where there are many."""

    def __init__(self, sample: Sample) -> None:
        step = -(-len(sample.places) // _COMPARED)
        self._places, self._weights = sample.places[::step], sample.weights[::step]
        self._clouds = [
            _unit(np.random.default_rng(seed).normal(size=self._places.shape) * sample.spread)
            for seed in range(_CLOUDS)
        ]

    def height(self, count: int) -> float:
        """Return the mean silhouette above that of clouds, 0 at least."""
        labels = _fit(self._places, count, _SEED, self._weights).labels_
        clouds = [
            _silhouette(cloud, _fit(cloud, count, seed, self._weights, starts=1).labels_)
            for seed, cloud in enumerate(self._clouds)
        ]
        return max(_silhouette(self._places, labels) - float(np.mean(clouds)), 0.0)

    def stability(self, count: int) -> float:
        """Return how alike the clusters are that two halves of the users lead to, in [0, 1]."""
        alike = []
        for seed in range(_HALVINGS):
            order = np.random.default_rng(seed).permutation(len(self._places))
            halves = (order[: len(order) // 2], order[len(order) // 2 :])
            first, second = (
                _fit(self._places[half], count, seed, self._weights[half], starts=_HALF_STARTS).predict(self._places)
                for half in halves
            )
            alike.append(adjusted_rand_score(first, second))
        return max(float(np.mean(alike)), 0.0)


def _fit(places: Doubles, count: int, seed: int, weights: Doubles, *, starts: int = _STARTS) -> KMeans:
    return KMeans(count, n_init=starts, random_state=seed).fit(places, sample_weight=weights)


def _silhouette(places: Doubles, labels: NDArray[np.int32]) -> float:
    """Return scikit-learn's `silhouette_score(places, labels, metric="cosine")` of places of length 1.

    Distances to all of a cluster add up to its size less the product with the sum of its places, so nobody need be
    compared with everybody.
    """
    member = np.eye(labels.max() + 1)[labels]
    sizes = member.sum(0)
    if (sizes > 0).sum() < 2:
        return -1.0
    total = sizes - places @ (places.T @ member)
    own = (total * member).sum(1) / np.maximum(sizes[labels] - 1, 1)
    nearest = np.where((member > 0) | (sizes == 0), np.inf, total / np.maximum(sizes, 1)).min(1)
    each = np.where(sizes[labels] > 1, (nearest - own) / np.maximum(np.maximum(nearest, own), 1e-12), 0.0)
    return float(each.mean())


def _unit(rows: Doubles) -> Doubles:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Doubles = rows / np.maximum(length, 1e-12)
    return unit
