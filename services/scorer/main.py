"""The scorer's entry point: settings from the environment, then the worker, until SIGTERM."""

from contento.scoring.service import run_scorer
from contento.scoring.settings import ScorerSettings

if __name__ == "__main__":
    run_scorer(ScorerSettings())
