"""The learner's entry point: settings from the environment, then its loop, until SIGTERM."""

from contento.learning.service.run import run_learner
from contento.learning.service.settings import LearnerSettings

if __name__ == "__main__":
    run_learner(LearnerSettings())
