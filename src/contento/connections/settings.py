"""What an operator sets of every service, in the environment."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConnectionSettings(BaseSettings):
    """Where a service finds Kafka and Redis, and how it shows itself."""

    model_config = SettingsConfigDict(env_prefix="CONTENTO_", env_ignore_empty=True)

    kafka: str = "127.0.0.1:9092"
    """Bootstrap servers, `host:port,…`."""
    kafka_username: str = ""
    """SASL user; empty: no authentication."""
    kafka_password: SecretStr = SecretStr("")
    """SASL password."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the user and password are shown to the broker."""
    kafka_tls: bool = False
    """Whether to speak TLS with the broker."""
    redis: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """Redis URL, with user and password where there are any."""
    topic_prefix: str = "contento"
    """First part of all topic names."""
    redis_prefix: str = "contento"
    """First part of all Redis keys."""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of the Prometheus endpoint; 0: none."""
    metrics_address: str = "127.0.0.1"
    """Address the Prometheus endpoint listens on."""
    log_format: Literal["console", "json"] = "json"
    """How log lines look."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged; DEBUG adds a line per batch."""
