"""`contento learner`: the learner in the foreground."""

from contento.learning.service.run import run_learner
from contento.learning.service.settings import LearnerSettings


def learner() -> None:
    """Run the learner, set up by CONTENTO_… variables."""
    run_learner(LearnerSettings())
