"""What an operator sets of the learner, in the environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from contento.connections.settings import ConnectionSettings
from contento.learning.join.join import DAY_MS, HOUR_MS, JoinOptions
from contento.learning.learner import LearnerOptions


class LearnerSettings(ConnectionSettings):
    """The learner's settings: each is `CONTENTO_` and the field's name in capitals."""

    learner_directory: Path = Path(".contento/learner")
    """Where the learner keeps its store. One learner, one directory; on a disk that outlives the container."""
    bundles: Path | None = None
    """Bundle store of the scorer, whose serving bundle says what ratings are measured from; unset: the package's."""
    join_window_hours: float = Field(default=7 * 24.0, gt=0)
    """A feedback that names an item judges the user's last event with it that is at most so old."""
    join_patience_hours: float = Field(default=24.0, gt=0)
    """Hours that feedback waits for its score."""
    scores_kept_days: float = Field(default=30.0, gt=0)
    """Days that scores are kept for feedback to come: as long as the feedback topic keeps its records."""
    scores_kept_gib: float = Field(default=8.0, gt=0)
    """Most GiB of scores; beyond it the oldest go. A score takes about 3 KB."""
    factors_stale_days: float = Field(default=180.0, gt=0)
    """Days without a rating after which factors are evicted."""
    learner_batch: int = Field(default=2_000, ge=1, le=10_000)
    """Most records of one transaction."""
    webhook: SecretStr = SecretStr("")
    """URL that alerts are posted to; empty: none."""
    webhook_secret: SecretStr = SecretStr("")
    """Key with which each post is signed."""

    def options(self, centre: float) -> LearnerOptions:
        """Return what the core needs of them, and of the bundle the rating that factors are measured from."""
        return LearnerOptions(
            join=JoinOptions(
                window_ms=int(self.join_window_hours * HOUR_MS),
                patience_ms=int(self.join_patience_hours * HOUR_MS),
                keep_ms=int(self.scores_kept_days * DAY_MS),
                keep_bytes=int(self.scores_kept_gib * 1024**3),
            ),
            factors_stale_ms=int(self.factors_stale_days * DAY_MS),
            centre=centre,
            webhook=bool(self.webhook.get_secret_value()),
        )
