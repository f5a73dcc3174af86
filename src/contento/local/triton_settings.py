"""What an operator sets of the Triton service, in the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from contento.model.arithmetic import ArithmeticSetting
from contento.model.store import DEFAULT_CACHE


class TritonSettings(BaseSettings):
    """The Triton service's settings: each is `CONTENTO_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="CONTENTO_", env_ignore_empty=True)

    bundles: Path | None = None
    """Bundle store; unset: the trained bundle that comes with the package."""
    triton_device: Literal["auto", "cpu", "gpu"] = "auto"
    """Where the models run; `gpu` demands one."""
    encoder_arithmetic: ArithmeticSetting = "auto"
    """Arithmetic of the text encoder; `auto`: the fastest that bundle and machine allow."""
    cache: Path = DEFAULT_CACHE
    """Where ONNX graphs of the text encoder are kept between starts."""
    triton_repository: Path = Path("/tmp/models")  # noqa: S108 - a container's own
    """Where the model repository is written at each start."""
    triton_address: str = "127.0.0.1"
    """Address to listen on; in a container 0.0.0.0, and only what the host publishes is reachable."""
    triton_http_port: int = Field(default=8000, ge=1, le=65535)
    """Port of HTTP: health."""
    triton_grpc_port: int = Field(default=8001, ge=1, le=65535)
    """Port of gRPC: what the scorer calls."""
    triton_metrics_port: int = Field(default=8002, ge=1, le=65535)
    """Port of the Prometheus endpoint."""
