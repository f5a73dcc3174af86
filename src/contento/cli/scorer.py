"""`contento scorer`: one scorer worker in the foreground."""

from contento.scoring.service import run_scorer
from contento.scoring.settings import ScorerSettings


def scorer() -> None:
    """Run a scorer worker until SIGTERM; its settings are CONTENTO_… variables (see services/scorer)."""
    run_scorer(ScorerSettings())
