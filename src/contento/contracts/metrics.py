"""The metrics registry: the one place that says which Prometheus metrics there are.

Base units, `_total` on counters, timestamps rather than ages, and labels of few values: never an id.
"""

from dataclasses import dataclass
from typing import Literal

MetricName = Literal[
    "contento_scorer_events_total",
    "contento_scorer_dead_letters_total",
    "contento_scorer_items_total",
    "contento_scorer_latency_seconds",
    "contento_scorer_stage_seconds",
    "contento_scorer_batch_events",
    "contento_scorer_embeddings_total",
    "contento_scorer_retries_total",
    "contento_scorer_last_batch_timestamp_seconds",
    "contento_scorer_lag_events",
    "contento_learner_scores_total",
    "contento_learner_feedback_total",
    "contento_learner_alerts_total",
    "contento_learner_quality",
    "contento_learner_quality_samples",
    "contento_learner_webhook_deliveries_total",
    "contento_learner_retries_total",
    "contento_learner_last_commit_timestamp_seconds",
    "contento_learner_lag_events",
]

LATENCY_BUCKETS = tuple(0.001 * 1.2**i for i in range(64))
"""1 ms to 97 s in steps of 20 %, so that a quantile read off them is right within 10 %."""
STAGE_BUCKETS = tuple(0.0005 * 2**i for i in range(16))
BATCH_BUCKETS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        kind: Its Prometheus type.
        about: What it counts or measures, with its unit.
        labels: Its labels with every value they take; empty values: set at run time, few.
        buckets: Upper bounds, for a histogram.
    """

    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: dict[MetricName, Metric] = {
    "contento_scorer_events_total": Metric(
        kind="counter",
        about="Events by what became of them: scored, duplicate (same event id), redelivered (same offset).",
        labels=("outcome",),
    ),
    "contento_scorer_dead_letters_total": Metric(
        kind="counter",
        about="Records sent to the dead-letter topic, by source topic and code.",
        labels=("topic", "code"),
    ),
    "contento_scorer_items_total": Metric(kind="counter", about="Items stored from the items topic."),
    "contento_scorer_latency_seconds": Metric(
        kind="histogram",
        about="From the event's timestamp in Kafka to its score in Redis.",
        buckets=LATENCY_BUCKETS,
    ),
    "contento_scorer_stage_seconds": Metric(
        kind="histogram",
        about="Time a batch spends in each stage.",
        labels=("stage",),
        buckets=STAGE_BUCKETS,
    ),
    "contento_scorer_batch_events": Metric(kind="histogram", about="Events in a batch.", buckets=BATCH_BUCKETS),
    "contento_scorer_embeddings_total": Metric(
        kind="counter", about="Text embeddings by where they came from: memory, redis, encoder.", labels=("source",)
    ),
    "contento_scorer_retries_total": Metric(
        kind="counter", about="Attempts that failed and were tried again, by the part that failed.", labels=("part",)
    ),
    "contento_scorer_last_batch_timestamp_seconds": Metric(
        kind="gauge", about="When the last batch was finished, unix seconds."
    ),
    "contento_scorer_lag_events": Metric(
        kind="gauge", about="Records that wait in Kafka, over all partitions of this worker.", labels=("topic",)
    ),
    "contento_learner_scores_total": Metric(kind="counter", about="Scores that were read and kept for their feedback."),
    "contento_learner_feedback_total": Metric(
        kind="counter",
        about="Feedback by what became of it, e.g. joined to its score, waiting for it, duplicate, expired.",
        labels=("outcome",),
    ),
    "contento_learner_alerts_total": Metric(
        kind="counter", about="Alerts that were raised, by kind and severity.", labels=("kind", "severity")
    ),
    "contento_learner_quality": Metric(
        kind="gauge",
        about="How good the served scores are, by the labels that came: each metric over the latest of them, "
        "overall, by segment and by arm; in the metric's own unit. The slices with most labels are shown.",
        labels=("metric", "slice"),
    ),
    "contento_learner_quality_samples": Metric(
        kind="gauge", about="Labels behind a metric of `contento_learner_quality`.", labels=("metric", "slice")
    ),
    "contento_learner_webhook_deliveries_total": Metric(
        kind="counter",
        about="Attempts and endings of the webhook: delivered; retried (an attempt failed and will be made again); "
        "refused (the receiver will never take it); expired (given up after hours); dropped (the queue was full).",
        labels=("outcome",),
    ),
    "contento_learner_retries_total": Metric(
        kind="counter", about="Attempts that failed and were tried again, by the part that failed.", labels=("part",)
    ),
    "contento_learner_last_commit_timestamp_seconds": Metric(
        kind="gauge", about="When state and offsets were last committed, unix seconds."
    ),
    "contento_learner_lag_events": Metric(
        kind="gauge", about="Records that wait in Kafka, over all partitions.", labels=("topic",)
    ),
}
