"""What a Prometheus registry shows."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Shown = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def exposition(registry: CollectorRegistry) -> Shown:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }
