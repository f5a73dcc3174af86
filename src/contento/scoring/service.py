"""The scorer as a process: settings in, parts made, Faust's worker run."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from contento.connections.log_lines import configure_logging
from contento.contracts.redis_keys import RedisKeys
from contento.inference.base import Inference
from contento.model.interface import Arm
from contento.scoring.embeddings import Embeddings
from contento.scoring.pipeline import Pipeline, PipelineOptions
from contento.scoring.settings import ScorerSettings
from contento.state.redis_store import RedisStore

log = structlog.get_logger(__name__)


def run_scorer(settings: ScorerSettings) -> None:
    """Run a scorer until it is told to stop (SIGTERM, SIGINT); does not return."""
    # Faust reads both when it is imported.
    os.environ.setdefault("FAUST_DATADIR", str(Path(tempfile.gettempdir(), f"contento-faust-{os.getuid()}")))
    os.environ.setdefault("FAUST_LOOP", "uvloop")
    configure_logging(settings.log_level, settings.log_format)

    import faust  # noqa: PLC0415 - reads its settings from the environment when imported

    from contento.model.correction.warming import warm_up  # noqa: PLC0415 - compiles, which nobody else waits for
    from contento.scoring.faust_app import Parts, ScorerApp  # noqa: PLC0415
    from contento.scoring.kafka_client import cluster_id, kafka_client  # noqa: PLC0415
    from contento.scoring.kafka_publisher import KafkaPublisher  # noqa: PLC0415
    from contento.scoring.prometheus import PrometheusMetrics  # noqa: PLC0415

    warm_up()

    async def make_parts() -> Parts:
        metrics = PrometheusMetrics()
        cluster = await cluster_id(settings)
        publisher = KafkaPublisher(settings.topic_prefix, **kafka_client(settings))
        await publisher.start()
        store = make_store(settings)
        inference = await open_inference(settings)

        async def close() -> None:
            await publisher.close()
            await inference.close()
            await store.close()

        pipeline = Pipeline(
            store=store,
            inference=inference,
            publisher=publisher,
            embeddings=Embeddings(store, inference, metrics, kept=settings.embeddings_kept),
            metrics=metrics,
            clock_ms=wall_clock_ms(),
            stopwatch=time.perf_counter,
            arm_of=_everyone_is_served,
            options=PipelineOptions(
                segment_attribute=settings.segment_attribute,
                at_risk_above=settings.at_risk_above,
                at_risk_events=settings.at_risk_events,
            ),
        )
        if settings.metrics_port:
            metrics.serve(settings.metrics_address, settings.metrics_port)
        log.info("ready", kafka=settings.kafka, cluster=cluster, inference=inference.kind, group=settings.group)
        return Parts(pipeline=pipeline, metrics=metrics, cluster=cluster, close=close)

    app = ScorerApp(settings, make_parts)
    worker = faust.Worker(
        app, quiet=True, loglevel=None, redirect_stdouts=False, logging_config=None, override_logging=False
    )
    worker.spinner = None  # it writes terminal codes into a log
    sys.exit(worker.execute_from_commandline())


def make_store(settings: ScorerSettings) -> RedisStore:
    """Return the state store that the settings name."""
    return RedisStore(
        settings.redis.get_secret_value(),
        keys=RedisKeys(settings.redis_prefix),
        half_life_ms=settings.half_life_hours * 3600 * 1000,
        embedding_ttl_s=settings.embedding_ttl_s,
        state_ttl_s=settings.state_ttl_s,
    )


async def open_inference(settings: ScorerSettings) -> Inference:
    """Return the model that the settings name, loaded or connected."""
    if settings.inference == "triton":
        from contento.inference.triton.client import TritonInference  # noqa: PLC0415 - one of two heavy imports

        return TritonInference(settings.triton)
    from contento.inference.in_process import InProcessInference  # noqa: PLC0415
    from contento.model.store import default_store  # noqa: PLC0415

    return await InProcessInference.open(
        settings.bundles or default_store(), arithmetic=settings.encoder_arithmetic, cache=settings.cache
    )


def wall_clock_ms() -> Callable[[], int]:
    """Return the clock of this process's edge: unix milliseconds."""
    return lambda: time.time_ns() // 1_000_000


def _everyone_is_served(_: str) -> Arm:
    """Return the arm of a user: there is no rollout yet that would give anyone another."""
    return "serving"
