"""A crowd of users in planted groups, whose scores say it in their representations, items and words."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from contento.contracts.messages import Features, RatingScore, SatisfactionScore, Score
from contento.segments.options import SegmenterOptions
from contento.segments.segmenter import Segmenter

SIZE: Final = 8
SMALL: Final = SegmenterOptions(
    max_users=500,
    fit_events=5,
    fit_users=20,
    refit_every=1_000,
    most_segments=6,
    assign_events=3,
    half_life_events=30.0,
)
WORDS: Final = ("cheap deal", "premium leather", "fast courier", "retro vinyl", "tiny garden", "loud drums")


def centres(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0][:count]


class Crowd:
    """Users `u0`, `u1`, ... of groups; who belongs where may be changed while it goes on."""

    def __init__(self, users: int, groups: int, *, seed: int = 0, words: bool = False, noise: float = 0.4) -> None:
        self.group = {f"u{number}": number % groups for number in range(users)}
        self.rng = np.random.default_rng(seed)
        self.centres = centres(6)
        self.words, self.noise = words, noise
        self.bundle = "bundle-1"
        self.turn = np.eye(SIZE)
        self.made = 0

    def score(self, user: str) -> Score:
        group = self.group[user]
        self.made += 1
        values = self.turn @ (self.centres[group] + self.rng.normal(0, self.noise, SIZE))
        satisfaction = float(np.clip(self.rng.normal(0.2 + 0.1 * group, 0.1), 0, 1))
        score = Score(
            event_id=f"e{self.made}",
            user_id=user,
            event_type=("view", "cart", "search", "review")[int(self.rng.integers(4))],
            rating=RatingScore(mean=3.5),
            satisfaction=SatisfactionScore(value=satisfaction),
            bundle=self.bundle,
            user_representation=values.tolist(),
        )
        score.event_time.FromMilliseconds(1_700_000_000_000 + 1_000 * self.made)
        if self.words:
            # One event in five is about what others like.
            about = group if self.rng.random() < 0.8 else int(self.rng.integers(6))
            score.item_id = f"i{about}-{int(self.rng.integers(5))}"
            score.features.CopyFrom(Features(text=f"A {WORDS[about]} thing"))
        return score

    def scores(self, count: int, users: Sequence[str] | None = None) -> Iterator[Score]:
        names = list(users or self.group)
        for _ in range(count):
            yield self.score(names[int(self.rng.integers(len(names)))])


def play(segmenter: Segmenter, crowd: Crowd, count: int) -> None:
    for score in crowd.scores(count):
        segmenter.scored(score)


def assigned(segmenter: Segmenter, crowd: Crowd) -> dict[str, str]:
    return {user: name for user in crowd.group if (name := segmenter.segment_of(user))}


def purity(segmenter: Segmenter, crowd: Crowd) -> float:
    """Share of users in the segment of most of their group, and in no segment with another group's most."""
    of_group: dict[int, list[str]] = {}
    for user, segment in assigned(segmenter, crowd).items():
        of_group.setdefault(crowd.group[user], []).append(segment)
    most = {group: max(set(found), key=found.count) for group, found in of_group.items()}
    if len(set(most.values())) < len(most):
        return 0.0
    right = [segment == most[group] for group, found in of_group.items() for segment in found]
    return float(np.mean(right))
