"""How the scorer reaches Kafka."""

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from contento.connections.kafka import KafkaUnavailable
from contento.scoring.settings import ScorerSettings


def kafka_client(settings: ScorerSettings) -> dict[str, Any]:
    """Return the settings of an aiokafka client's connection."""
    client: dict[str, Any] = {"bootstrap_servers": settings.kafka.split(",")}
    if settings.kafka_username:
        client |= {
            "security_protocol": "SASL_SSL" if settings.kafka_tls else "SASL_PLAINTEXT",
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    elif settings.kafka_tls:
        client["security_protocol"] = "SSL"
    if settings.kafka_tls:
        client["ssl_context"] = create_ssl_context()
    return client


async def cluster_id(settings: ScorerSettings) -> str:
    """Return the id of the Kafka cluster, in which offsets count.

    Raises:
        KafkaUnavailable: No broker answers.
    """
    admin = AIOKafkaAdminClient(**kafka_client(settings))
    try:
        await admin.start()
        return str((await admin.describe_cluster()).get("cluster_id") or "")
    except (KafkaError, OSError) as error:
        raise KafkaUnavailable(
            f"no Kafka broker answers at {settings.kafka}: {error!r}: start it, or set CONTENTO_KAFKA to its address"
        ) from error
    finally:
        await admin.close()
