"""The Triton server that pip installs, with a model repository of Python models."""

import hashlib
import http.client
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contento.local.ports import LOOPBACK
from contento.local.service import ServiceSpec
from contento.local.triton_environment import TritonEnvironment

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps shared memory, not a temporary file
EXIT_TIMEOUT_S = 5
"""Seconds the server waits for requests under way before it ends its models; an idle one takes 4.6 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonPorts:
    """Loopback ports of a server."""

    http: int
    grpc: int
    metrics: int


def triton_service(
    environment: TritonEnvironment, directory: Path, *, repository: Path, ports: TritonPorts, bundles: Path
) -> ServiceSpec:
    """Describe a Triton server that loads every model of a repository.

    Args:
        environment: Where the server is.
        directory: Its folder.
        repository: The model repository, already written.
        ports: Loopback ports.
        bundles: The bundle store, which the models read.
    """
    # Processes share memory by name on the whole machine, so each stack has names of its own.
    identity = f"contento-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]}"
    models = sorted(folder.name for folder in repository.iterdir() if (folder / "config.pbtxt").is_file())
    return ServiceSpec(
        name="triton",
        what="Triton",
        address=f"{LOOPBACK}:{ports.grpc}",
        command=(
            *(str(environment.server), "--backend-directory", str(environment.backends)),
            *server_arguments(repository, models, identity=identity, address=LOOPBACK, ports=ports),
        ),
        environment={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            **environment.variables,
            "CONTENTO_BUNDLES": str(bundles),
            "HF_HUB_OFFLINE": "1",
        },
        directory=directory,
        ready=lambda _: is_ready(f"{LOOPBACK}:{ports.http}", models, identity=identity),
        clean=lambda: _release_shared_memory(identity),
        start_deadline_s=120.0,  # two models with torch are up in 10 s on two idle cores
        stop_deadline_s=2.0 * EXIT_TIMEOUT_S + 5.0,
        advice="see the log for the model that failed to load",
    )


def server_arguments(
    repository: Path, models: Sequence[str], *, identity: str, address: str, ports: TritonPorts
) -> tuple[str, ...]:
    """Return the server's arguments, in the embedded stack and in a container alike.

    Args:
        repository: The model repository.
        models: Models to load; the server is ready when all are, and ends if one cannot be.
        identity: Name of the server and of its shared memory, its own on the machine.
        address: Where it listens.
        ports: On which ports.
    """
    return (
        *("--id", identity, "--model-repository", str(repository)),
        *("--model-control-mode", "explicit", *(f"--load-model={model}" for model in models)),
        *("--http-address", address, "--http-port", str(ports.http)),
        *("--grpc-address", address, "--grpc-port", str(ports.grpc)),
        *("--metrics-address", address, "--metrics-port", str(ports.metrics)),
        *("--strict-readiness", "true", "--exit-timeout-secs", str(EXIT_TIMEOUT_S)),
        *("--backend-config", f"python,shm-region-prefix-name={identity}"),
    )


def is_ready(http_address: str, models: Sequence[str] = (), *, identity: str | None = None) -> bool:
    """Whether the server at `host:port` and these models of it are ready, and it is the server of this id."""
    try:
        if identity is not None and json.loads(_get(http_address, "/v2") or "{}").get("name") != identity:
            return False
        paths = ("/v2/health/ready", *(f"/v2/models/{model}/ready" for model in models))
        return all(_get(http_address, path) is not None for path in paths)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _get(address: str, path: str) -> bytes | None:
    """Return the body of a successful answer, `None` for any other."""
    connection = http.client.HTTPConnection(address, timeout=5.0)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == http.HTTPStatus.OK else None
    finally:
        connection.close()


def _release_shared_memory(identity: str) -> None:
    """Remove what a killed server left; it removes its own when it ends in order."""
    for region in SHARED_MEMORY.glob(f"{identity}*"):
        region.unlink(missing_ok=True)
