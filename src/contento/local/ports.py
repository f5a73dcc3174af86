"""Loopback ports for the servers of a stack, the same ones at each start where they are still free."""

import json
import random
import socket
import threading
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20000, 32000
"""Below the range that Linux hands to outgoing connections (from 32768), which may take any port there
between the moment a port is found free and the moment its server binds it."""


class Ports:
    """Finds free ports and remembers them in a file, so that an address stays good over restarts."""

    def __init__(self, remembered: Path, *, random_source: random.Random | None = None) -> None:
        """Take where to remember them.

        Args:
            remembered: The file; made when a port is first taken.
            random_source: Where candidates come from. Stacks that start together must not share a seed.
        """
        self._file = remembered
        self._random = random_source or random.SystemRandom()
        self._taken: dict[str, int] = {}
        self._taking = threading.Lock()

    def take(self, name: str, *, anew: bool = False) -> int:
        """Return a free port for `name`: the remembered one if it is free and not asked for `anew`."""
        with self._taking:
            known = self.remembered()
            port = known.get(name)
            others = {taken for holder, taken in self._taken.items() if holder != name}
            while anew or port is None or port in others or not is_free(port):
                port, anew = self._random.randint(LOWEST, HIGHEST), False
            self._taken[name] = port
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps({**known, name: port}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return port

    def remembered(self) -> dict[str, int]:
        """Return the port of each name that ever took one."""
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # a lost memory costs only the old addresses
            return {}
        return {name: port for name, port in read.items() if isinstance(port, int)} if isinstance(read, dict) else {}


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: past connections do not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def answers(address: str, timeout_s: float = 0.5) -> bool:
    """Whether something accepts a TCP connection at `host:port`."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s).close()
    except (OSError, ValueError):
        return False
    return True
