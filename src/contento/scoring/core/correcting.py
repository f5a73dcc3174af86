"""Ratings of a bundle, corrected by what ratings so far have told the learner."""

from collections.abc import Mapping, Sequence

from contento.contracts.messages import RatingScore, Score
from contento.contracts.validation import time_ms
from contento.model.correction.correction import COVERAGE, Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import tags_of
from contento.model.correction.wire import known_of
from contento.state.base import ItemState, UserState


def correct_ratings(
    scores: Sequence[Score],
    *,
    users: Mapping[str, UserState],
    items: Mapping[str, ItemState],
    corrections: Corrections,
) -> None:
    """Correct the rating of every score of an item, in place; before the first rating of all, none.

    Args:
        scores: As the bundle alone says.
        users: State of every user in them.
        items: State of every item in them.
        corrections: What the learner has learned of the bundles.
    """
    known_users = {user: known_of(USER, state.factors) for user, state in users.items()}
    known_items = {item: (known_of(ITEM, state.factors), tags_of(state.meta)) for item, state in items.items()}
    for score in scores:
        if not score.item_id:
            continue
        item, tags = known_items[score.item_id]
        rating = score.rating
        found = corrections.correct(
            score.bundle,
            Situation(
                distribution=rating.distribution,
                user=known_users[score.user_id],
                item=item,
                tags=tags,
                time_ms=time_ms(score.event_time),
            ),
        )
        if found is not None:
            score.rating.CopyFrom(
                RatingScore(
                    mean=found.mean,
                    lower=found.lower,
                    upper=found.upper,
                    coverage=COVERAGE,
                    distribution=found.distribution,
                    bundle_distribution=rating.distribution,
                )
            )
