import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from contento.segments.clusters import _silhouette
from contento.segments.evidence import INTERESTS, LOOKS, Evidence
from contento.segments.profile import Profile
from contento.segments.space import find_space


def profiles(count: int) -> list[Profile]:
    rng = np.random.default_rng(3)
    found = []
    for number in range(count):
        profile = Profile()
        for _ in range(3 if number % 4 == 0 else 6):  # of few representations none is read
            profile.add(
                Evidence(
                    interests=rng.normal(size=INTERESTS).astype(np.float32),
                    looks=rng.normal(size=LOOKS).astype(np.float32) if number % 2 else None,
                    representation=rng.normal(size=5).astype(np.float32),
                    log_dwell=None,
                    words=(),
                ),
                float(rng.uniform(0.5, 2)),
                bundle="b",
                satisfaction=0.5,
                retain=0.99,
            )
        found.append(profile)
    return found


def test_a_user_is_placed_alone_as_in_the_sample() -> None:
    sample = profiles(40)
    found = find_space(sample, "b")
    assert found is not None
    space, placed = found
    for row, place in zip(placed.rows.tolist(), placed.places, strict=True):
        assert space.place(sample[row]) == pytest.approx(place, abs=1e-9)
    assert space.place(Profile()) is None, "who has shown nothing has no place"


@pytest.mark.parametrize("clusters", [2, 5])
def test_the_silhouette_is_that_of_scikit_learn(clusters: int) -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(60, 6))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    labels = rng.integers(clusters, size=60).astype(np.int32)
    labels[0] = clusters  # alone in its cluster
    assert _silhouette(places, labels) == pytest.approx(silhouette_score(places, labels, metric="cosine"))
    assert _silhouette(places, np.zeros(60, np.int32)) == -1
