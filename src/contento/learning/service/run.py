"""The learner as a process: settings in, parts made, one loop."""

import json
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import Any, Final

import structlog
from kafka.errors import KafkaError

from contento.connections.log_lines import configure_logging
from contento.contracts.checkpoint import StateFormatError
from contento.contracts.errors import ContentoError
from contento.contracts.record import InputRecord
from contento.contracts.rejection import RejectedRecord, shown
from contento.contracts.topics import TopicName
from contento.learning.alerts.webhook import Webhook
from contento.learning.drift.watch import DriftWatch
from contento.learning.learner import Handled, Learner, Watch
from contento.learning.metrics import LearnerMetrics
from contento.learning.prequential.prequential import EVERYTHING, Prequential
from contento.learning.sentiment.watch import SentimentWatch
from contento.learning.service.kafka_connection import cluster_id
from contento.learning.service.publishing import Outbox
from contento.learning.service.reading import TopicReader
from contento.learning.service.settings import LearnerSettings
from contento.learning.service.warming import warm_up
from contento.learning.store import LearnerStore
from contento.model.config import BundleConfig
from contento.model.store import default_store, read_live

log = structlog.get_logger(__name__)

_UNPROCESSABLE_LIMIT: Final = 100
"""Records in a row that fail for no known reason before the learner stops: then the fault is its own."""
_SHOW_EVERY_S: Final = 1.0
_PAUSE_S: Final = 0.5
_WEBHOOK_CLOSE_S: Final = 12.0


class TooManyUnprocessable(ContentoError):
    """So many records fail that the fault is ours: the learner stops before it drains the topics."""


def run_learner(settings: LearnerSettings) -> None:
    """Run the learner until it is told to stop (SIGTERM, SIGINT).

    Raises:
        ContentoError: A part cannot be used as it is set up.
    """
    configure_logging(settings.log_level, settings.log_format)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    warm_up()
    cluster = cluster_id(settings)
    store = LearnerStore(settings.learner_directory / "learner.sqlite", cluster=cluster)
    metrics = LearnerMetrics()
    reader = TopicReader(settings, store.offsets(), cluster=cluster)
    webhook = _webhook(settings, metrics)
    outbox = Outbox(settings, store, metrics, webhook=webhook, stopwatch_s=time.monotonic)
    if settings.metrics_port:
        metrics.serve(settings.metrics_address, settings.metrics_port)
    loop = LearnerLoop(lambda: Learner(store, make_watches, settings.options(rating_centre(settings))), metrics)
    log.info("ready", kafka=settings.kafka, cluster=cluster, directory=str(settings.learner_directory))
    shown_at = 0.0
    try:
        while not stopping:
            records = _read(reader, metrics)
            loop.take(records, outbox.publish())
            if records:
                metrics.committed(time.time_ns() / 1e9)
            if time.monotonic() - shown_at >= _SHOW_EVERY_S:
                shown_at = time.monotonic()
                _show(loop.learner.prequential, reader, metrics)
                outbox.quality(as_json(loop.learner.prequential))
        loop.take([], outbox.publish())
    finally:
        if webhook is not None:
            left = webhook.close(_WEBHOOK_CLOSE_S)
            log.info("webhook closed", left=left)
        reader.close()
        outbox.close()
        store.close()
    log.info("stopped", signal=signal.Signals(stopping[0]).name)


def _read(reader: TopicReader, metrics: LearnerMetrics) -> list[tuple[TopicName, InputRecord]]:
    """Return what the broker has; nothing while it is away."""
    try:
        return reader.read()
    except KafkaError as error:
        metrics.retry("kafka")
        log.warning("not read", error=repr(error), do="check that the broker runs (contento doctor)")
        time.sleep(_PAUSE_S)
        return []


def _show(prequential: Prequential, reader: TopicReader, metrics: LearnerMetrics) -> None:
    metrics.quality(shown_quality(prequential))
    with suppress(KafkaError):  # of a broker that is away, the last lag stays
        for topic, lag in reader.lags().items():
            metrics.lag(topic, lag)


class LearnerLoop:
    """Takes records, also when one of them cannot be handled."""

    def __init__(self, open_learner: Callable[[], Learner], metrics: LearnerMetrics) -> None:
        """Take what opens the learner from its store, and where to report."""
        self._open, self._metrics = open_learner, metrics
        self.learner = open_learner()
        self._failed_in_a_row = 0

    def take(self, records: list[tuple[TopicName, InputRecord]], sent: list[int]) -> None:
        """Handle records; one at which the learner fails is tried alone, and then is a dead letter.

        Raises:
            TooManyUnprocessable: That has happened too often in a row.
        """
        if not records and not sent:
            return
        try:
            self._report(self.learner.take(records, sent))
        except StateFormatError:
            raise
        except Exception:
            log.exception("batch failed", records=len(records), next="each record alone")
            self.learner = self._open()
            self.learner.take([], sent)
            for each in records:
                self._take_alone(each)

    def _take_alone(self, record: tuple[TopicName, InputRecord]) -> None:
        try:
            self._report(self.learner.take([record]))
        except Exception as error:
            self._failed_in_a_row += 1
            log.exception(
                "record failed", topic=record[1].topic, partition=record[1].partition, offset=record[1].offset
            )
            if self._failed_in_a_row >= _UNPROCESSABLE_LIMIT:
                raise TooManyUnprocessable(
                    f"{self._failed_in_a_row} records in a row could not be handled, the last with {error!r}: see the "
                    "log lines before; nothing was lost, the learner goes on at the first record that it did not take"
                ) from error
            self.learner = self._open()
            reason = RejectedRecord(
                "unprocessable",
                field="",
                expected="a record that the learner can handle",
                found=shown(repr(error), 200),
            )
            self.learner.give_up(record[1], reason)
        else:
            self._failed_in_a_row = 0

    def _report(self, handled: Handled) -> None:
        self._metrics.scores(handled.scores.total())
        for outcome, count in handled.feedback.items():
            self._metrics.feedback(outcome, count)
        for alert in handled.alerts:
            self._metrics.alert(alert)
            line = f"drift: {alert.summary}"  # a line of its own, so that none is held back as a repeat
            log.warning(line, alert_id=alert.alert_id, monitor=alert.monitor)
        for record, reason in handled.rejected:
            log.warning(
                "dead letter", topic=record.topic, partition=record.partition, offset=record.offset, error=str(reason)
            )
        if handled.scores_lost_to_size:
            log.warning(
                "scores forgotten early", count=handled.scores_lost_to_size,
                do="raise CONTENTO_SCORES_KEPT_GIB, or feedback of the last days will be orphans",
            )  # fmt: skip


def make_watches(item_group_of: Callable[[str], str]) -> Mapping[str, Watch]:
    """Return the watches that every learner has, by name."""
    return {
        "drift": DriftWatch(),
        "sentiment": SentimentWatch(item_group_of=item_group_of, mask=lambda text: _personal_data().mask(text).text),
    }


@cache
def _personal_data() -> Any:
    """Return what finds personal data in texts.

    Its library takes seconds to import, once, at the first alert that quotes a text: few learners ever need it, and
    every start would wait for it.
    """
    from contento.privacy.personal_data import PersonalData  # noqa: PLC0415

    return PersonalData()


def rating_centre(settings: LearnerSettings) -> float:
    """Return what the serving bundle measures ratings from.

    Raises:
        StoreError: The bundle store does not say what serves.
    """
    store = settings.bundles or default_store()
    config = store / read_live(store)["serving"] / "config.json"
    return BundleConfig.from_json(json.loads(config.read_text())).rating_centre


def shown_quality(prequential: Prequential) -> dict[str, dict[str, tuple[float, int]]]:
    """Return the metrics of the last labels as Prometheus shows them: by slice, value and labels behind it.

    Bundles are left out: their names never end.
    """
    shown_slices = {}
    for part in prequential.slices():
        if part.kind == "bundle":
            continue
        quality = prequential.quality(part)
        counts = {"ratings": quality.ratings, "satisfactions": quality.satisfactions, "outcomes": quality.outcomes}
        name = "overall" if part == EVERYTHING else f"{part.kind}:{part.value}"
        shown_slices[name] = {
            metric: (float(value), int(counts[_LABELS.get(metric, "ratings")] if metric in _LABELS else quality.labels))
            for metric, value in asdict(quality).items()
            if value is not None and metric not in counts and metric != "labels"
        }
    return shown_slices


_LABELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "mae",
            "rmse",
            "bias",
            "rating_log_loss",
            "rating_accuracy",
            "rating_ece",
            "coverage",
            "width",
            "mae_now",
            "rmse_now",
            "coverage_now",
        ),
        "ratings",
    ),
    **dict.fromkeys(("accuracy", "macro_f1", "log_loss", "ece"), "satisfactions"),
    **dict.fromkeys(("outcome_log_loss", "brier", "outcome_ece"), "outcomes"),
}
"""Which labels a metric is of; others are of all."""


def as_json(prequential: Prequential) -> dict[str, Any]:
    """Return the metrics of the last labels by slice, those of all labels, and what became of all feedback."""
    return {
        "total": asdict(prequential.quality(EVERYTHING, "total")),
        "join_rate": prequential.join_rate,
        "feedback": dict(prequential.outcomes),
        "slices": {
            f"{part.kind}:{part.value}".rstrip(":"): asdict(prequential.quality(part)) for part in prequential.slices()
        },
    }


def _webhook(settings: LearnerSettings, metrics: LearnerMetrics) -> Webhook | None:
    if not settings.webhook.get_secret_value():
        return None
    return Webhook(
        settings.webhook,
        secret=settings.webhook_secret,
        clock_s=lambda: time.time_ns() / 1e9,
        draw=random.SystemRandom().random,
        count=metrics.webhook,
    )
