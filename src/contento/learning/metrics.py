"""The learner's metrics as Prometheus collects them."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import start_http_server

from contento.contracts.collectors import Collectors
from contento.contracts.messages import DriftAlert
from contento.learning.alerts import reading
from contento.learning.alerts.webhook import WebhookOutcome
from contento.learning.join.base import FeedbackOutcome

SLICES: Final = 50
"""Slices of quality that are shown, those with most labels: some ten metrics each make 500 series, a small scrape."""


class LearnerMetrics:
    """What the learner reports, over the metrics registry. Every method may be called from any thread."""

    def __init__(self) -> None:
        """Make every metric of the registry that the learner has; those of known labels begin at 0."""
        self._metrics = Collectors("learner")
        self.registry = self._metrics.registry
        self._shown: set[tuple[str, str]] = set()
        for kind in _KINDS:
            for severity in _SEVERITIES:
                # From 0 on: a rate over a counter that first appears at 1 would miss the first alert.
                self._metrics["contento_learner_alerts_total"].labels(kind, severity)

    def serve(self, address: str, port: int) -> None:
        """Answer scrapes at `http://address:port/metrics` from a thread of its own."""
        start_http_server(port, address, registry=self.registry)

    def scores(self, count: int) -> None:
        """Count scores that were read."""
        self._metrics["contento_learner_scores_total"].inc(count)

    def feedback(self, outcome: FeedbackOutcome, count: int = 1) -> None:
        """Count feedback by what became of it."""
        self._metrics["contento_learner_feedback_total"].labels(outcome).inc(count)

    def alert(self, alert: DriftAlert) -> None:
        """Count an alert that was raised."""
        self._metrics["contento_learner_alerts_total"].labels(reading.kind(alert), reading.severity(alert)).inc()

    def quality(self, slices: Mapping[str, Mapping[str, tuple[float, int]]]) -> None:
        """Set how good the served scores are; slices that are not there any more disappear.

        Args:
            slices: By slice, e.g. `overall` or `segment:de`; never one per user, item or bundle. Then by metric,
                e.g. `rating_error`: its value and the labels behind it. `overall` is always shown, of the
                others those with most labels.
        """
        most = sorted(slices, key=lambda name: (name != "overall", -_labels(slices[name]), name))
        shown: set[tuple[str, str]] = set()
        for name in most[: SLICES + 1]:
            for metric, (value, samples) in slices[name].items():
                shown.add((metric, name))
                self._metrics["contento_learner_quality"].labels(metric, name).set(value)
                self._metrics["contento_learner_quality_samples"].labels(metric, name).set(samples)
        for gone in self._shown - shown:
            self._metrics["contento_learner_quality"].remove(*gone)
            self._metrics["contento_learner_quality_samples"].remove(*gone)
        self._shown = shown

    def webhook(self, outcome: WebhookOutcome) -> None:
        """Count an attempt or an ending of the webhook; hand it over as `Webhook(count=…)`."""
        self._metrics["contento_learner_webhook_deliveries_total"].labels(outcome).inc()

    def retry(self, part: str) -> None:
        """Count an attempt of a part that failed and is tried again."""
        self._metrics["contento_learner_retries_total"].labels(part).inc()

    def committed(self, at_s: float) -> None:
        """Set when state and offsets were last committed, unix seconds."""
        self._metrics["contento_learner_last_commit_timestamp_seconds"].set(at_s)

    def lag(self, topic: str, events: int) -> None:
        """Set how many records of a topic wait."""
        self._metrics["contento_learner_lag_events"].labels(topic).set(events)


_KINDS: Final = tuple(name for name in reading.KINDS.values() if name != "unknown")
_SEVERITIES: Final = tuple(name for name in reading.SEVERITIES.values() if name != "unknown")


def _labels(metrics: Mapping[str, tuple[float, int]]) -> int:
    return max((samples for _, samples in metrics.values()), default=0)
