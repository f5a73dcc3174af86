"""Having what the learner runs compiled before its first records wait for it."""

import numpy as np

from contento.contracts.messages import Feedback, Score
from contento.learning.judged import Judged
from contento.learning.prequential.prequential import Prequential
from contento.model.correction.warming import warm_up as warm_up_correction
from contento.model.factors import SideFactors, step_sides
from contento.segments.evidence import INTERESTS, LOOKS, evidence_of
from contento.segments.profile import Profile
from contento.segments.space import Space


def warm_up() -> None:
    """Run once, on made-up values, what is compiled: a tenth of a second, or seconds where nothing is kept."""
    warm_up_correction()
    user, item = SideFactors.before_any("user", "somebody"), SideFactors.before_any("item", "something")
    step_sides(user, item, rating=4.0, centre=3.5, time_ms=1)
    score = Score(user_id="somebody", item_id="something", user_representation=[1.0])
    judged = Judged(score=score, feedback=Feedback(), rating=None, satisfaction=None, outcome=None, delay_ms=0)
    Prequential().judged(judged)
    profile = Profile()
    for each in (score, Score(user_representation=[1.0])):  # what is shared may not be written: that is another type
        profile.add(evidence_of(each), 1.0, bundle="", satisfaction=0.5, retain=1.0)
    length = INTERESTS + LOOKS + 1
    Space(bundle="", means=np.zeros(length), map=np.ones((1, length)), middle=np.zeros(1)).place(profile)
