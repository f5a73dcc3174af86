"""The metrics registry as Prometheus collects it."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from contento.contracts.metrics import METRICS, MetricName


class Collectors(dict[MetricName, Any]):
    """Every metric of a service, by name, in a registry of their own: two in one process do not add up.

    Attributes:
        registry: What a scrape reads; the usual metrics of the process are in it too.
    """

    def __init__(self, service: str) -> None:
        """Make the metrics whose names begin with `contento_<service>_`."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        prefix = f"contento_{service}_"
        super().__init__({name: _make(name, self.registry) for name in METRICS if name.startswith(prefix)})


def _make(name: MetricName, registry: CollectorRegistry) -> Any:
    metric = METRICS[name]
    match metric.kind:
        case "counter":
            return Counter(name, metric.about, metric.labels, registry=registry)
        case "gauge":
            return Gauge(name, metric.about, metric.labels, registry=registry)
        case "histogram":
            return Histogram(name, metric.about, metric.labels, registry=registry, buckets=metric.buckets)
