import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from contento.local.redis_server import without_password
from contento.local.running import FILE, StackUnavailable, forget_running, locked, running_environment, write_running


def test_a_running_stack_is_found_until_it_stops(tmp_path: Path) -> None:
    assert running_environment(tmp_path) is None
    write_running(tmp_path, {"CONTENTO_KAFKA": "127.0.0.1:9"})
    assert running_environment(tmp_path) == {"CONTENTO_KAFKA": "127.0.0.1:9"}
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    forget_running(tmp_path)
    assert running_environment(tmp_path) is None


def test_what_a_killed_stack_left_is_not_believed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / FILE).write_text(json.dumps({"pid": ended.pid, "environment": {"CONTENTO_KAFKA": "127.0.0.1:9"}}))
    assert running_environment(tmp_path) is None
    (tmp_path / FILE).write_text("{")
    assert running_environment(tmp_path) is None


def test_a_folder_is_locked_while_its_holder_or_its_guards_live(tmp_path: Path) -> None:
    first = locked(tmp_path)
    with pytest.raises(StackUnavailable, match=rf"already \(process {os.getpid()}\): stop it, or give another folder"):
        locked(tmp_path)
    first.close()
    locked(tmp_path).close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("rediss://user:s%40cret@host:1/2?ssl=1", "rediss://user:***@host:1/2?ssl=1"),
        ("127.0.0.1:9092,127.0.0.1:9093", "127.0.0.1:9092,127.0.0.1:9093"),
        ("", ""),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
