"""The scorer's metrics as Prometheus collects them."""

from collections.abc import Sequence

from prometheus_client import start_http_server

from contento.contracts.collectors import Collectors
from contento.scoring.ports import EmbeddingSource, Outcome, Stage


class PrometheusMetrics:
    """`ScorerMetrics` over the metrics registry."""

    def __init__(self) -> None:
        """Make every metric of the registry that the scorer has."""
        self._metrics = Collectors("scorer")
        self.registry = self._metrics.registry

    def serve(self, address: str, port: int) -> None:
        """Answer scrapes at `http://address:port/metrics` from a thread of its own."""
        start_http_server(port, address, registry=self.registry)

    def events(self, outcome: Outcome, count: int) -> None:
        """See `ScorerMetrics.events`."""
        self._metrics["contento_scorer_events_total"].labels(outcome).inc(count)

    def dead_letter(self, topic: str, code: str) -> None:
        """See `ScorerMetrics.dead_letter`."""
        self._metrics["contento_scorer_dead_letters_total"].labels(topic, code).inc()

    def items(self, count: int) -> None:
        """See `ScorerMetrics.items`."""
        self._metrics["contento_scorer_items_total"].inc(count)

    def latencies(self, seconds: Sequence[float]) -> None:
        """See `ScorerMetrics.latencies`."""
        observe = self._metrics["contento_scorer_latency_seconds"].observe
        for each in seconds:
            observe(each)

    def stage(self, stage: Stage, seconds: float) -> None:
        """See `ScorerMetrics.stage`."""
        self._metrics["contento_scorer_stage_seconds"].labels(stage).observe(seconds)

    def batch(self, events: int, at_s: float) -> None:
        """See `ScorerMetrics.batch`."""
        self._metrics["contento_scorer_batch_events"].observe(events)
        self._metrics["contento_scorer_last_batch_timestamp_seconds"].set(at_s)

    def embeddings(self, source: EmbeddingSource, count: int) -> None:
        """See `ScorerMetrics.embeddings`."""
        self._metrics["contento_scorer_embeddings_total"].labels(source).inc(count)

    def retry(self, part: str) -> None:
        """See `ScorerMetrics.retry`."""
        self._metrics["contento_scorer_retries_total"].labels(part).inc()

    def lag(self, topic: str, events: int) -> None:
        """Set how many records wait in a topic's partitions of this worker."""
        self._metrics["contento_scorer_lag_events"].labels(topic).set(events)
