"""Having the correction compiled before the first message needs it."""

from typing import Final

from contento.contracts.messages import Item, RatingCorrection
from contento.model.correction.correction import Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.learned import before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.correction.tags import tags_of

_DAYS_MS: Final = 2 * 24 * 3600 * 1000


def warm_up() -> None:
    """Let a made-up user rate a made-up item twice, and correct what a scorer would.

    Takes a tenth of a second where machine code is kept, some seconds where it is made.
    """
    corrections, user, item = Corrections(), before_any(USER, "somebody"), before_any(ITEM, "something")
    tags = tags_of(Item(item_id="something", categories=["a category"], brand="a brand"))
    for time_ms in (1, _DAYS_MS):
        situation = Situation(
            distribution=(0.2, 0.2, 0.2, 0.2, 0.2), user=user.known, item=item.known, tags=tags, time_ms=time_ms
        )
        corrections.learn("", situation, 4.0)
        corrections.learn_tags(tags, learn(user, item, tags, 4.0, time_ms))
    message = RatingCorrection.FromString(corrections.message().SerializeToString())
    Corrections.of(message).correct("", situation)
