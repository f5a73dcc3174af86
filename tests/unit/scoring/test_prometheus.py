import socket
import urllib.request

import pytest
from exposition import exposition
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contento.contracts.metrics import METRICS
from contento.scoring.prometheus import PrometheusMetrics


def test_every_metric_of_the_registry_is_there_with_its_words() -> None:
    text = generate_latest(PrometheusMetrics().registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    names = [name for name in METRICS if name.startswith("contento_scorer_")]
    assert names
    for name in names:
        family = families[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (METRICS[name].kind, METRICS[name].about)
    ours = {name for name in families if name.startswith("contento_") and not name.endswith("_created")}
    assert ours == {name.removesuffix("_total") for name in names}
    assert "process_cpu_seconds" in families


def test_what_is_reported_is_what_is_shown() -> None:
    metrics = PrometheusMetrics()
    metrics.events("scored", 3)
    metrics.events("scored", 4)
    metrics.events("duplicate", 1)
    metrics.dead_letter("shop.events", "missing")
    metrics.dead_letter("shop.events", "missing")
    metrics.items(5)
    metrics.latencies([0.0015, 0.3])
    metrics.stage("embed", 0.25)
    metrics.batch(200, 1_700_000_000.5)
    metrics.embeddings("redis", 6)
    metrics.retry("PublishFailed")
    metrics.lag("events", 70)
    metrics.lag("events", 7)
    shown = exposition(metrics.registry)
    assert shown["contento_scorer_events_total", (("outcome", "scored"),)] == 7
    assert shown["contento_scorer_events_total", (("outcome", "duplicate"),)] == 1
    assert shown["contento_scorer_dead_letters_total", (("code", "missing"), ("topic", "shop.events"))] == 2
    assert shown["contento_scorer_items_total", ()] == 5
    assert shown["contento_scorer_latency_seconds_count", ()] == 2
    assert shown["contento_scorer_latency_seconds_sum", ()] == pytest.approx(0.3015)
    assert shown["contento_scorer_stage_seconds_sum", (("stage", "embed"),)] == 0.25
    assert shown["contento_scorer_batch_events_bucket", (("le", "128.0"),)] == 0
    assert shown["contento_scorer_batch_events_bucket", (("le", "256.0"),)] == 1
    assert shown["contento_scorer_last_batch_timestamp_seconds", ()] == 1_700_000_000.5
    assert shown["contento_scorer_embeddings_total", (("source", "redis"),)] == 6
    assert shown["contento_scorer_retries_total", (("part", "PublishFailed"),)] == 1
    assert shown["contento_scorer_lag_events", (("topic", "events"),)] == 7


def test_histograms_have_the_registrys_buckets() -> None:
    metrics = PrometheusMetrics()
    metrics.stage("decode", 0)
    shown = exposition(metrics.registry)
    for name, metric in METRICS.items():
        if metric.buckets:
            bounds = sorted(float(dict(labels)["le"]) for n, labels in shown if n == f"{name}_bucket")
            assert bounds == [*metric.buckets, float("inf")]


def test_two_scorers_in_a_process_do_not_add_up() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()
    one.items(1)
    assert exposition(other.registry)["contento_scorer_items_total", ()] == 0


def test_it_is_served_where_it_was_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    metrics = PrometheusMetrics()
    metrics.items(42)
    metrics.serve("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"contento_scorer_items_total 42.0" in answer.read()
