"""What an operator sets of the scorer, in the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from contento.connections.settings import ConnectionSettings
from contento.model.arithmetic import ArithmeticSetting
from contento.model.store import DEFAULT_CACHE


class ScorerSettings(ConnectionSettings):
    """The scorer's settings: each is `CONTENTO_` and the field's name in capitals."""

    inference: Literal["triton", "in-process"] = "triton"
    """Who runs the model."""
    triton: str = "127.0.0.1:8001"
    """Triton's gRPC address, `host:port`."""
    bundles: Path | None = None
    """Bundle store of the in-process model; unset: the trained bundle that comes with the package."""
    encoder_arithmetic: ArithmeticSetting = "auto"
    """Arithmetic of the in-process text encoder; `auto`: the fastest that bundle and machine allow."""
    cache: Path = DEFAULT_CACHE
    """Where ONNX graphs of the in-process text encoder are kept between starts."""
    group: str = "contento-scorer"
    """Kafka consumer group."""
    instance: str = ""
    """Name of this worker's slot (static group membership): a worker that comes back under it within the
    session timeout takes its partitions up at once. Each running worker needs another one."""
    session_timeout_s: float = Field(default=6.0, ge=1.0)
    """Seconds without a heartbeat after which the broker gives a worker's partitions to others."""
    fetch_max_wait_ms: int = Field(default=100, ge=10)
    """Longest that the broker holds a fetch open; the embedded broker answers after half of it."""
    commit_interval_s: float = Field(default=1.0, gt=0)
    """Seconds between commits of offsets: what a killed worker repeats."""
    batch_events: int = Field(default=256, ge=1, le=4096)
    """Most events scored at once."""
    embeddings_kept: int = Field(default=50_000, ge=0)
    """Text embeddings kept in this process, 768 bytes each."""
    embedding_ttl_s: int = Field(default=7 * 24 * 3600, ge=60)
    """Seconds an unused text embedding stays in Redis."""
    state_ttl_s: int = Field(default=0, ge=0)
    """Seconds the state of a silent user, item or segment stays in Redis; 0: for ever."""
    half_life_hours: float = Field(default=24.0, gt=0)
    """Half-life of item and segment means, in hours of event time."""
    segment_attribute: str = "segment"
    """Event attribute that declares the user's segment."""
    at_risk_above: float = Field(default=0.6, ge=0, le=1)
    """Risk (1 - satisfaction) above which a user is at risk."""
    at_risk_events: int = Field(default=3, ge=1)
    """Events a user must have before they can be at risk."""
