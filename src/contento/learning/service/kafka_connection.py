"""How the learner reaches Kafka."""

from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from contento.connections.kafka import KafkaUnavailable
from contento.connections.settings import ConnectionSettings

_RECONNECT_BACKOFF_MAX_MS: Final = 1000
"""kafka-python's own limit lets a broker that is back wait for 30 s (measured)."""
_BOOTSTRAP_TIMEOUT_MS: Final = 10_000


def connection(settings: ConnectionSettings) -> dict[str, Any]:
    """Return the settings of a kafka-python client's connection."""
    client: dict[str, Any] = {
        "bootstrap_servers": settings.kafka.split(","),
        "reconnect_backoff_max_ms": _RECONNECT_BACKOFF_MAX_MS,
        "bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS,
    }
    if settings.kafka_username:
        client |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    protocol = "SASL_" if settings.kafka_username else ""
    client["security_protocol"] = f"{protocol}{'SSL' if settings.kafka_tls else 'PLAINTEXT'}"
    return client


def cluster_id(settings: ConnectionSettings) -> str:
    """Return the id of the Kafka cluster, in which offsets count.

    Raises:
        KafkaUnavailable: No broker answers.
    """
    try:
        admin = KafkaAdminClient(**connection(settings))
        try:
            return str(admin.describe_cluster().get("cluster_id") or "")
        finally:
            admin.close()
    except KafkaError as error:
        raise unavailable(settings, error) from error


def unavailable(settings: ConnectionSettings, error: KafkaError) -> KafkaUnavailable:
    """Return the error for a broker that does not answer, or not this client."""
    trusted = ", or the user and password in CONTENTO_KAFKA_USERNAME and _PASSWORD" if settings.kafka_username else ""
    return KafkaUnavailable(
        f"no Kafka broker answers at {settings.kafka}: {error!r}: "
        f"start it, or mend its address in CONTENTO_KAFKA{trusted}"
    )
