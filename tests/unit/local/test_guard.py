"""Real process trees: whoever dies, by whatever signal, nothing of the command stays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from contento.local.service import GUARD

TREE = """
import os, signal, subprocess, sys, time
stubborn, folder = sys.argv[1] == "stubborn", sys.argv[2]
SLEEPER = (
    "import os, signal, sys, time\\n"
    "if sys.argv[2] == 'stubborn': signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n"
    "if sys.argv[3] == 'daemon': os.setsid()\\n"
    "open(os.path.join(sys.argv[1], str(os.getpid())), 'w').close()\\n"
    "time.sleep(600)\\n"
)
for kind in ("plain", "daemon"):
    subprocess.Popen([sys.executable, "-c", SLEEPER, folder, sys.argv[1], kind])
# An orphan: its parent ends at once.
orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}, *sys.argv[1:]])"
subprocess.run([sys.executable, "-c", orphan, folder, sys.argv[1], "daemon"], check=True)
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while len(os.listdir(folder)) < 3:
    time.sleep(0.01)
open(os.path.join(folder, str(os.getpid())), "w").close()
time.sleep(600)
"""
"""A command with a child, a child in a session of its own, and an orphaned grandchild in another."""

HOLDER = """
import os, subprocess, sys, time, json
read, write = os.pipe()
report_read, report_write = os.pipe()
guard = subprocess.Popen(
    [sys.executable, "-I", sys.argv[1], "--life", str(read), "--report", str(report_write),
     "--deadline", sys.argv[2], "--", *sys.argv[3:]], pass_fds=(read, report_write), start_new_session=True)
os.close(read); os.close(report_write)
print(json.dumps([guard.pid, int(os.fdopen(report_read).readline())]), flush=True)
sys.exit(guard.wait())
"""
"""What starts a guard and holds its pipe: the process that gets killed."""


@dataclass
class Tree:
    holder: "subprocess.Popen[str]"
    guard: psutil.Process
    inner: psutil.Process
    command: psutil.Process
    below: list[psutil.Process]

    @property
    def all(self) -> list[psutil.Process]:
        return [self.guard, self.inner, self.command, *self.below]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


Grow = Callable[..., Tree]


@pytest.fixture
def grow(tmp_path: Path) -> Iterator[Grow]:
    grown: list[Tree] = []

    def start(kind: str = "willing", deadline: float = 0.3) -> Tree:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(GUARD), str(deadline), sys.executable, "-c", TREE, kind, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None
        guard, command = json.loads(holder.stdout.readline())
        assert until(lambda: len(list(tmp_path.iterdir())) == 4), "the tree did not grow"
        pids = {int(file.name) for file in tmp_path.iterdir()}
        inner = psutil.Process(command).ppid()
        tree = Tree(
            holder=holder,
            guard=psutil.Process(guard),
            inner=psutil.Process(inner),
            command=psutil.Process(command),
            below=[psutil.Process(pid) for pid in pids - {command}],
        )
        grown.append(tree)
        return tree

    yield start
    for tree in grown:
        left = [process for process in tree.all if not is_gone(process)]
        for process in left:
            process.kill()
        tree.holder.kill()
        tree.holder.wait()
        assert tree.holder.stdout is not None
        tree.holder.stdout.close()


@pytest.mark.parametrize("kind", ["willing", "stubborn"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_holder(grow: Grow, kind: str, end: signal.Signals) -> None:
    tree = grow(kind)
    tree.holder.send_signal(end)
    assert until(lambda: all(is_gone(process) for process in tree.all)), tree


@pytest.mark.parametrize("kind", ["willing", "stubborn"])
@pytest.mark.parametrize("victim", ["guard", "inner", "command"])
def test_nothing_outlives_a_killed_guard_or_command(grow: Grow, kind: str, victim: str) -> None:
    tree = grow(kind)
    getattr(tree, victim).kill()
    assert until(lambda: all(is_gone(process) for process in tree.all)), tree


def test_nothing_outlives_guard_and_holder_killed_together(grow: Grow) -> None:
    tree = grow("stubborn")
    tree.guard.suspend()
    tree.holder.kill()
    tree.guard.kill()
    assert until(lambda: all(is_gone(process) for process in tree.all)), tree


def test_a_stopped_command_is_killed(grow: Grow) -> None:
    tree = grow()
    tree.command.suspend()
    tree.holder.kill()
    assert until(lambda: all(is_gone(process) for process in tree.all)), tree


def test_a_command_has_until_the_deadline(grow: Grow) -> None:
    tree = grow("stubborn", deadline=1.5)
    began = time.monotonic()
    tree.holder.kill()
    assert until(lambda: is_gone(tree.command))
    assert time.monotonic() - began >= 1.4


def guarded(*command: str, deadline: float = 5.0) -> tuple[int, str]:
    """Run a command under a guard to its end; its exit status and output."""
    life_read, life_write = os.pipe()
    report_read, report_write = os.pipe()
    done = subprocess.run(
        [
            *(sys.executable, "-I", str(GUARD), "--life", str(life_read), "--report", str(report_write)),
            *("--deadline", str(deadline), "--", *command),
        ],
        pass_fds=(life_read, report_write),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    for descriptor in (life_read, life_write, report_read, report_write):
        os.close(descriptor)
    return done.returncode, done.stdout


def test_the_exit_status_is_the_commands() -> None:
    assert guarded(sys.executable, "-c", "raise SystemExit(7)")[0] == 7
    assert guarded(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")[0] == 128 + 9


def test_a_command_that_cannot_run_says_so() -> None:
    status, said = guarded("/nonexistent/program")
    assert status == 127
    assert "cannot run the command" in said
    assert "/nonexistent/program" in said


def test_the_command_starts_with_a_clean_slate() -> None:
    code = (
        "import os, signal\n"
        "signals = (signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD, signal.SIGHUP)\n"
        "print([int(open('/proc/self/status').read().split('SigBlk:')[1].split()[0], 16)])\n"
        "print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:4])\n"
    )
    status, said = guarded(sys.executable, "-c", code)
    # 3 is the folder of descriptors itself, as it is read.
    assert (status, said) == (0, "[0]\n[0, 1, 2, 3]\n")
