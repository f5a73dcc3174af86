"""`contento scorer`: one scorer worker in the foreground."""

from contento.scoring.service import run_scorer
from contento.scoring.settings import ScorerSettings


def scorer() -> None:
    """Run one scorer worker, set up by CONTENTO_… variables."""
    run_scorer(ScorerSettings())
