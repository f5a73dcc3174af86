"""Who runs a stack in a folder: a lock, so that one does, and a file, so that other commands find it."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from contento.contracts.errors import ContentoError

FILE = "running.json"
LOCK_DEADLINE_S = 45.0
"""How long a start waits for a stack in the same folder that is being stopped: Kafka's kill deadline and some."""


class StackUnavailable(ContentoError):
    """The stack cannot be started with these options, or not here."""


def write_running(directory: Path, environment: Mapping[str, str]) -> None:
    """Say that this process runs a stack there. Addresses may hold passwords, so only the user may read it."""
    made = directory / f"{FILE}.new"
    made.touch(mode=0o600)
    made.chmod(0o600)
    made.write_text(json.dumps({"pid": os.getpid(), "environment": dict(environment)}, indent=1), encoding="utf-8")
    made.replace(directory / FILE)


def forget_running(directory: Path) -> None:
    """Say that no stack runs there any more."""
    (directory / FILE).unlink(missing_ok=True)


def running_environment(directory: Path) -> dict[str, str] | None:
    """Return the settings that point at the stack that runs in the folder; `None` when none does."""
    try:
        content = json.loads((directory / FILE).read_text(encoding="utf-8"))
        environment, pid = content["environment"], content["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(environment, dict) or not isinstance(pid, int) or not is_alive(pid):
        return None
    return {str(name): str(value) for name, value in environment.items()}


def is_alive(pid: int) -> bool:
    """Whether a process of this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def locked(directory: Path, *, clock: Callable[[], float] = time.monotonic) -> IO[str]:
    """Lock a stack's folder. Its guards hold the lock too, so it lasts until their processes are gone.

    Raises:
        StackUnavailable: A stack runs there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    file = (directory / "lock").open("a+", encoding="utf-8")
    deadline = clock() + LOCK_DEADLINE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            if (holder.isdigit() and is_alive(int(holder))) or clock() > deadline:
                file.close()
                raise StackUnavailable(
                    f"A stack runs in {directory} already (process {holder or 'unknown'}): "
                    "stop it, or give another folder with --directory"
                ) from None
            time.sleep(0.05)
        else:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            return file
