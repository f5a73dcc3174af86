from typing import cast

from exposition import Shown, exposition
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contento.contracts.messages import DriftAlert
from contento.contracts.metrics import METRICS
from contento.contracts.topics import TOPICS
from contento.learning.metrics import SLICES, LearnerMetrics


def alert() -> DriftAlert:
    return cast("DriftAlert", TOPICS["alerts"].example())


ERROR_TICKET = (("kind", "error"), ("severity", "ticket"))


def test_every_metric_of_the_registry_is_there_with_its_words() -> None:
    text = generate_latest(LearnerMetrics().registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    names = [name for name in METRICS if name.startswith("contento_learner_")]
    assert names
    for name in names:
        family = families[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (METRICS[name].kind, METRICS[name].about)
    assert not any(name.startswith("contento_scorer_") for name in families)


def test_what_is_reported_is_what_is_shown() -> None:
    metrics = LearnerMetrics()
    metrics.scores(3)
    metrics.feedback("joined", 2)
    metrics.feedback("duplicate")
    metrics.webhook("delivered")
    metrics.webhook("retried")
    metrics.retry("KafkaError")
    metrics.committed(1_700_000_000.5)
    metrics.lag("scores", 70)
    metrics.lag("scores", 7)
    shown = exposition(metrics.registry)
    assert shown["contento_learner_scores_total", ()] == 3
    assert shown["contento_learner_feedback_total", (("outcome", "joined"),)] == 2
    assert shown["contento_learner_feedback_total", (("outcome", "duplicate"),)] == 1
    assert shown["contento_learner_webhook_deliveries_total", (("outcome", "delivered"),)] == 1
    assert shown["contento_learner_retries_total", (("part", "KafkaError"),)] == 1
    assert shown["contento_learner_last_commit_timestamp_seconds", ()] == 1_700_000_000.5
    assert shown["contento_learner_lag_events", (("topic", "scores"),)] == 7


def test_alerts_count_from_zero() -> None:
    metrics = LearnerMetrics()
    assert exposition(metrics.registry)["contento_learner_alerts_total", ERROR_TICKET] == 0
    metrics.alert(alert())
    assert exposition(metrics.registry)["contento_learner_alerts_total", ERROR_TICKET] == 1


def slices_of(shown: Shown) -> dict[str, float]:
    return {
        dict(labels)["slice"]: value for (name, labels), value in shown.items() if name == "contento_learner_quality"
    }


def test_only_the_largest_slices_are_shown() -> None:
    metrics = LearnerMetrics()
    metrics.quality({
        "overall": {"rating_error": (0.5, 1)},
        **{f"segment:{n}": {"rating_error": (n / 100, n)} for n in range(200)},
    })  # fmt: skip
    shown = slices_of(exposition(metrics.registry))
    assert shown == {"overall": 0.5, **{f"segment:{n}": n / 100 for n in range(200 - SLICES, 200)}}
    metrics.quality({"overall": {"rating_error": (0.25, 5)}})
    assert slices_of(exposition(metrics.registry)) == {"overall": 0.25}
    samples = ("contento_learner_quality_samples", (("metric", "rating_error"), ("slice", "overall")))
    assert exposition(metrics.registry)[samples] == 5
