"""What the running system knows of ratings: the correction of a bundle that says nothing."""

from typing import Final

import numpy as np

from contento.model.correction.correction import Situation
from contento.model.correction.corrections import Corrections
from contento.model.correction.known import UNKNOWN
from contento.model.correction.learned import Learned, before_any, learn
from contento.model.correction.members import ITEM, USER
from contento.model.interface import RATINGS
from contento.training.evaluation.metrics import Predicted
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.report import Report

_NOTHING: Final = (1 / len(RATINGS),) * len(RATINGS)
_REPORT_EVERY: Final = 100


def predicted_live(ratings: Ratings, report: Report) -> Predicted:
    """Return what learner and scorer together would serve for each rating if every one were learned at once."""
    corrections, users, items = Corrections(), dict[int, Learned](), dict[int, Learned]()
    size = len(ratings.cases)
    means, shares, ends = np.empty(size), np.empty((size, len(RATINGS))), np.empty((size, 2))
    for index, (case, rating) in enumerate(zip(ratings.cases, ratings.ratings.tolist(), strict=True)):
        user, item, tags = users.get(case.user), items.get(case.item), ratings.tags[case.item]
        time_ms = round(case.time * 1000)
        situation = Situation(
            distribution=_NOTHING,
            user=user.known if user else UNKNOWN[USER],
            item=item.known if item else UNKNOWN[ITEM],
            tags=tags,
            time_ms=time_ms,
        )
        served = corrections.learn("", situation, rating)
        means[index], shares[index], ends[index] = served.mean, served.distribution, (served.lower, served.upper)
        user = user or users.setdefault(case.user, before_any(USER, ratings.user_ids[case.user]))
        item = item or items.setdefault(case.item, before_any(ITEM, ratings.item_ids[case.item]))
        corrections.learn_tags(tags, learn(user, item, tags, rating, time_ms))
        if (done := index + 1) % _REPORT_EVERY == 0 or done == size:
            report("live", (done - 1) % _REPORT_EVERY + 1, size)
    return Predicted(rating=means, distribution=shares, ends=ends)
