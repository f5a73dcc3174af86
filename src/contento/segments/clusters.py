"""How many segments the users of a sample form, and where each lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from contento.segments.space import Sample

Doubles = NDArray[np.float64]

_STARTS: Final = 4
"""Random starts of each fit, besides the one from the segments there are."""
_COMPARED: Final = 800
"""Users whose distances to each other the silhouette looks at: 800 squared take 10 ms."""
_TINY: Final = 3
"""Members below which a segment's mean place starts no cluster."""
_CLOSE: Final = 1.02
"""Sum of squares, times the least, up to which the clusters stay where the segments were."""
_SEED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The clusters of a sample.

    Attributes:
        centres: `[k, d]`, of length 1.
        labels: `[M]`, cluster of each user of the sample.
        quality: Mean silhouette, by cosine, in [-1, 1]; 0 of a single cluster.
    """

    centres: Doubles
    labels: NDArray[np.intp]
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How many clusters the users form.

    Attributes:
        best: As many as fit best.
        same: As many as there were segments; `None`: there were none.
    """

    best: Clusters
    same: Clusters | None


def find_clusters(sample: Sample, before: Sequence[str], *, most: int, floor: float) -> Choice:
    """Return the clusters of users: the number with the highest mean silhouette, by spherical k-means.

    Points of one cloud have a silhouette too. So there is but one cluster unless the silhouette is above
    that of a Gaussian cloud of the same spread by `floor`: the idea of the gap statistic (Tibshirani et al.,
    Estimating the number of clusters in a data set, 2001).

    Args:
        sample: The users.
        before: `[M]`, segment of each so far; empty: none.
        most: Clusters at most.
        floor: Silhouette above that of a cloud, below which there is one cluster.
    """
    with threadpool_limits(limits=1):  # sums in another order are other sums: threads would change the answer
        start = _starts(sample.places, before)
        fits = {1: _one(sample.places)}
        for count in range(2, min(most, len(sample.places) // 4) + 1):
            fits[count] = _fit(sample.places, count, start if len(start) == count else None)
        best = max(fits.values(), key=lambda each: each.quality)
        count = len(best.centres)
        if count > 1 and best.quality - _fit(_cloud(sample), count, None).quality < floor:
            best = fits[1]
    return Choice(best=best, same=fits.get(len(start)))


def _starts(places: Doubles, before: Sequence[str]) -> Doubles:
    """Return the mean place of each segment that has members, `[segments, d]`, sorted by id."""
    was = np.array(before, np.object_)
    counts = {name: int((was == name).sum()) for name in sorted(set(before)) if name}
    means = [places[was == name].mean(0) for name, count in counts.items() if count >= _TINY]
    return np.array(means).reshape(len(means), places.shape[1])


def _cloud(sample: Sample) -> Doubles:
    drawn = np.random.default_rng(_SEED).normal(size=sample.places.shape) * sample.spread
    return _unit(drawn)


def _one(places: Doubles) -> Clusters:
    return Clusters(centres=_unit(places.mean(0)[None]), labels=np.zeros(len(places), np.intp), quality=0.0)


def _fit(places: Doubles, count: int, start: Doubles | None) -> Clusters:
    best = KMeans(count, n_init=_STARTS, random_state=_SEED).fit(places)
    if start is not None:
        stayed = KMeans(count, init=start, n_init=1, random_state=_SEED).fit(places)
        if stayed.inertia_ <= _CLOSE * best.inertia_:
            best = stayed
    labels = best.labels_.astype(np.intp)
    step = -(-len(places) // _COMPARED)
    seen = labels[::step]
    comparable = 2 <= len(set(seen.tolist())) < len(seen)
    quality = silhouette_score(places[::step], seen, metric="cosine") if comparable else -1.0
    return Clusters(centres=_unit(best.cluster_centers_), labels=labels, quality=float(quality))


def _unit(rows: Doubles) -> Doubles:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Doubles = rows / np.maximum(length, 1e-12)
    return unit
