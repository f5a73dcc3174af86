from collections.abc import Mapping

import numpy as np
import pytest

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import RatingCorrection
from contento.model.correction.correction import Corrected, Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.known import UNKNOWN
from contento.model.correction.learned import Learned, before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import Tags

SURE_OF_FOUR = (0.02, 0.03, 0.1, 0.7, 0.15)


class World:
    """Users who like or dislike items by a hidden taste, and a bundle that knows neither."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._tastes = self._rng.normal(size=(40, 2)), self._rng.normal(size=(30, 2)), self._rng.normal(size=(40,)) / 2
        self.users: dict[int, Learned] = {}
        self.items: dict[int, Learned] = {}
        self._now_ms = 0

    def rate(self, corrections: Corrections, bundle: str = "b", shift: float = 0.0) -> tuple[Corrected, float]:
        """Let somebody rate something, and return what would have been served and the rating."""
        user, item = int(self._rng.integers(40)), int(self._rng.integers(30))
        users, items, biases = self._tastes
        mean = 3.2 + biases[user] + users[user] @ items[item] / 1.5 + shift
        rating = float(np.clip(round(mean + self._rng.normal() * 0.5), 1, 5))
        self._now_ms += 60_000
        tags = Tags((item % 5,), ())
        mine, theirs = self.users.get(user), self.items.get(item)
        served = corrections.learn(
            bundle,
            Situation(
                distribution=SURE_OF_FOUR,
                user=mine.known if mine else UNKNOWN[USER],
                item=theirs.known if theirs else UNKNOWN[ITEM],
                tags=tags,
                time_ms=self._now_ms,
            ),
            rating,
        )
        mine = self.users.setdefault(user, before_any(USER, str(user)))
        theirs = self.items.setdefault(item, before_any(ITEM, str(item)))
        corrections.learn_tags(tags, learn(mine, theirs, tags, rating, self._now_ms))
        return served, rating

    def situation(self, user: int = 1, item: int = 2) -> Situation:
        return Situation(
            distribution=SURE_OF_FOUR,
            user=self.users[user].known,
            item=self.items[item].known,
            tags=Tags((item % 5,), ()),
            time_ms=self._now_ms + 1,
        )


def test_before_the_first_rating_what_the_bundle_says_stands() -> None:
    nobody = Situation(distribution=SURE_OF_FOUR, user=UNKNOWN[USER], item=UNKNOWN[ITEM], tags=Tags(), time_ms=1)
    assert Corrections().correct("b", nobody) is None
    first, _ = World().rate(Corrections())
    assert first.mean == pytest.approx(np.arange(1, 6) @ SURE_OF_FOUR)
    assert first.distribution == pytest.approx(SURE_OF_FOUR, abs=0.06)


def test_ratings_are_learned_and_intervals_hold() -> None:
    world, corrections = World(), Corrections()
    found = [world.rate(corrections) for _ in range(6000)]
    off = np.array([abs(served.mean - rating) for served, rating in found])
    bundle = np.array([abs(float(np.arange(1, 6) @ SURE_OF_FOUR) - rating) for _, rating in found])
    assert off[-2000:].mean() < 0.55 * bundle[-2000:].mean()
    inside = [served.lower <= rating <= served.upper for served, rating in found[-2000:]]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)
    surprise = [-np.log(served.distribution[int(rating) - 1]) for served, rating in found[-2000:]]
    assert np.mean(surprise) < np.mean([-np.log(SURE_OF_FOUR[int(rating) - 1]) for _, rating in found[-2000:]])
    for served, _ in found:
        assert sum(served.distribution) == pytest.approx(1)
        assert served.mean == pytest.approx(np.arange(1, 6) @ served.distribution, abs=0.02)


def test_the_scorer_corrects_as_the_learner_would() -> None:
    world, corrections = World(), Corrections()
    for _ in range(500):
        world.rate(corrections)
    there = Corrections.of(RatingCorrection.FromString(corrections.message().SerializeToString()))
    assert there.correct("b", world.situation()) == corrections.correct("b", world.situation())


def test_what_was_interrupted_goes_on_to_the_same_bytes() -> None:
    kept: dict[str, bytes] = {}
    straight, broken = Corrections(), Corrections()
    worlds = World(), World()
    for turn in range(10):
        for _ in range(30):
            worlds[0].rate(straight, bundle=f"b{turn // 2}")
            worlds[1].rate(broken, bundle=f"b{turn // 2}")
        keep(kept, broken.changed())
        broken = Corrections()
        broken.restore(kept)
    found: dict[str, bytes] = {}
    keep(found, straight.changed())
    assert kept == found
    assert len(kept) == 5, "what all share, and the last four bundles"


def test_another_bundle_begins_where_the_last_one_is() -> None:
    world, corrections = World(), Corrections()
    for _ in range(2000):
        world.rate(corrections)
    before = corrections.correct("b", world.situation())
    assert corrections.correct("new", world.situation()) == before
    off = np.mean(
        [abs(served.mean - rating) for served, rating in (world.rate(corrections, "new") for _ in range(500))]
    )
    assert off < 0.7


def test_what_another_version_wrote_is_not_used() -> None:
    world, corrections = World(), Corrections()
    world.rate(corrections)
    message = corrections.message()
    message.bundles[0].weights.append(1.0)
    assert Corrections.of(message).correct("b", world_situation(world)) is None
    kept: dict[str, bytes] = {}
    keep(kept, corrections.changed())
    kept["b"] = kept["b"][:-8]
    with pytest.raises(StateFormatError, match="run the version that wrote it"):
        Corrections().restore(kept)


def world_situation(world: World) -> Situation:
    return world.situation(next(iter(world.users)), next(iter(world.items)))


def keep(kept: dict[str, bytes], changed: Mapping[str, bytes | None]) -> None:
    for name, value in changed.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
