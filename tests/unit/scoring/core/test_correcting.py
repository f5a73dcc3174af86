import pytest

from contento.contracts.messages import Factors, RatingScore, Score
from contento.model.correction.correction import COVERAGE, Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.known import UNKNOWN
from contento.model.correction.learned import before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import Tags
from contento.model.correction.wire import fill
from contento.scoring.core.correcting import correct_ratings
from contento.state.base import ItemState, UserState

SURE_OF_FIVE = (0.0, 0.0, 0.0, 0.125, 0.875)


def score(item: str = "i") -> Score:
    found = Score(user_id="u", item_id=item, bundle="b")
    found.rating.CopyFrom(RatingScore(mean=4.875, lower=4, upper=5, coverage=0.8, distribution=SURE_OF_FIVE))
    found.event_time.FromMilliseconds(5_000)
    return found


def learned(times: int) -> tuple[Corrections, dict[str, UserState], dict[str, ItemState]]:
    """Return what there is after a user has given an item 2 stars, as often as said."""
    corrections, user, item = Corrections(), before_any(USER, "u"), before_any(ITEM, "i")
    for turn in range(times):
        situation = Situation(
            distribution=SURE_OF_FIVE,
            user=user.known if turn else UNKNOWN[USER],
            item=item.known if turn else UNKNOWN[ITEM],
            tags=Tags(),
            time_ms=turn + 1,
        )
        corrections.learn("b", situation, 2.0)
        corrections.learn_tags(Tags(), learn(user, item, Tags(), 2.0, turn + 1))
    factors = [Factors(n=times, updated_ms=times), Factors(n=times, updated_ms=times)]
    for message, side in zip(factors, (user, item), strict=True):
        fill(message, side.known)
    return corrections, {"u": UserState(factors=factors[0])}, {"i": ItemState(factors=factors[1])}


def test_a_rating_is_corrected_and_what_the_bundle_said_is_kept() -> None:
    corrections, users, items = learned(30)
    found = score()
    correct_ratings([found], users=users, items=items, corrections=corrections)
    assert found.rating.mean == pytest.approx(2, abs=0.3)
    assert found.rating.lower <= 2 <= found.rating.upper
    assert found.rating.coverage == COVERAGE
    assert sum(found.rating.distribution) == pytest.approx(1)
    assert list(found.rating.bundle_distribution) == list(SURE_OF_FIVE)


def test_the_learner_would_serve_the_same() -> None:
    corrections, users, items = learned(30)
    found = score()
    correct_ratings([found], users=users, items=items, corrections=Corrections.of(corrections.message()))
    user, item = before_any(USER, "u"), before_any(ITEM, "i")
    for turn in range(30):
        learn(user, item, Tags(), 2.0, turn + 1)
    situation = Situation(
        distribution=found.rating.bundle_distribution, user=user.known, item=item.known, tags=Tags(), time_ms=5_000
    )
    there = corrections.correct("b", situation)
    assert there is not None
    assert found.rating.mean == there.mean


def test_without_a_rating_or_without_an_item_the_bundle_stands() -> None:
    corrections, users, items = learned(30)
    for found, of in ((score(), Corrections()), (score(""), corrections)):
        before = Score.FromString(found.SerializeToString())
        correct_ratings([found], users=users, items=items, corrections=of)
        assert found == before
