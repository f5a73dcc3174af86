"""Runs one command and lets no process of it outlive whoever asked for it.

`python -I guard.py --life FD --report FD --deadline SECONDS -- command argument ...`

Whoever starts a guard holds the other end of the pipe `--life`. When that end closes, by choice or
because its holder was killed with SIGKILL, the command's process group gets SIGTERM, and after the
deadline every process that came from the command gets SIGKILL, whatever session it moved to.

Two processes keep this promise for each other: the outer guard watches the pipe, the inner one the
command. If the outer is killed the kernel sends the inner one SIGTERM, which ends the command as
above. If the inner is killed, the kernel kills the command, and what the command left behind becomes
the outer's children, which it kills. Only Linux has these means; elsewhere the inner guard alone
watches the pipe and kills the command's process group.

The command's process id is written to `--report`, followed by a newline; both guards keep it open, so its
end says that nothing is left, even if the outer guard was killed. The exit status is the command's, or 128
plus the number of the signal that ended it. Standard library only, and quick to start: a guard stands
before every server.
"""

import argparse
import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
INNER_GRACE_S = 2.0
"""How much longer the outer guard waits than the inner, which needs a few milliseconds to kill and reap."""


def main() -> int:
    """Run the command under two guards."""
    parser = argparse.ArgumentParser(prog="guard", description=__doc__.splitlines()[0])
    parser.add_argument("--life", type=int, required=True, help="read end of the pipe that the caller holds open")
    parser.add_argument("--report", type=int, required=True, help="where the command's process id is written")
    parser.add_argument("--deadline", type=float, required=True, help="seconds from SIGTERM to SIGKILL")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()

    def run_command(guard: int) -> None:
        _end_with_parent(guard, signal.SIGKILL)
        os.closerange(3, 256)
        os.execvpe(given.command[0], given.command, os.environ)  # noqa: S606 - the command of whoever started the guard

    def run_inner(outer: int) -> None:
        _end_with_parent(outer, signal.SIGTERM)
        os._exit(_watch(run_command, life=None, report=given.report, deadline=given.deadline, to_group=True))

    if not LINUX:
        return _watch(run_command, life=given.life, report=given.report, deadline=given.deadline, to_group=True)
    return _watch(run_inner, life=given.life, report=None, deadline=given.deadline + INNER_GRACE_S, to_group=False)


def _watch(run: Callable[[int], None], *, life: int | None, report: int | None, deadline: float, to_group: bool) -> int:
    """Fork, `run(parent)` in the child, and wait for its end or for the order to end it."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    asked: list[int] = []
    for number in ENDING_SIGNALS:
        signal.signal(number, lambda received, _: asked.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)

    child = _fork(run)
    if report is not None:
        with contextlib.suppress(OSError):  # the reader may be gone: its pipe then says so
            os.write(report, b"%d\n" % child)

    status: int | None = None
    ordered = False
    kill_at: float | None = None
    while True:
        status = _reap(child) if status is None else status
        if status is not None:
            _kill_descendants(child)
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if asked and not ordered:
            ordered = True
            kill_at = time.monotonic() + deadline
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if to_group else os.kill)(child, signal.SIGTERM)
        if kill_at is not None and time.monotonic() >= kill_at:
            kill_at = None
            _kill_descendants(child)
        listened = [wake_read] if life is None or asked else [wake_read, life]
        ready, _, _ = select.select(listened, [], [], None if kill_at is None else max(0.0, kill_at - time.monotonic()))
        if wake_read in ready:
            os.read(wake_read, 512)
        if life in ready:  # nothing is ever written to it, so readable means closed
            asked.append(signal.SIGTERM)


def _fork(run: Callable[[int], None]) -> int:
    """Fork; the child leads a process group, handles signals as Python does at its start, and only runs `run`."""
    parent = os.getpid()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)  # none may get lost in between
    child = os.fork()
    if child:
        with contextlib.suppress(PermissionError, ProcessLookupError):  # the child did it, or has ended
            os.setpgid(child, child)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return child
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (*ENDING_SIGNALS, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        run(parent)
    except OSError as error:
        print(f"guard: cannot run the command: {error}", file=sys.stderr, flush=True)  # noqa: T201
    finally:
        os._exit(127)


def _reap(child: int) -> int | None:
    """Collect every child that has ended; the wait status of `child` if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                found = status
    return found


def _kill_descendants(child: int) -> None:
    """Kill everything below this process, again and again until nothing is left.

    A killed process's children become ours (subreaper), so each round sees what the last one uncovered.
    """
    if not LINUX:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        return
    while below := _descendants(os.getpid()):
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if child in below:
            return  # its status is still to be collected, and by then its own children are ours
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _descendants(root: int) -> set[int]:
    """Process ids of everything below `root`, zombies included only as long as they are unreaped children."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The command's name stands in brackets and may hold brackets and blanks itself.
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX" or int(parent) == root:
                    parents[int(entry.name)] = int(parent)
    found: set[int] = set()
    frontier = {root}
    while frontier := {pid for pid, parent in parents.items() if parent in frontier} - found:
        found |= frontier
    return found


def _end_with_parent(parent: int, number: signal.Signals) -> None:
    """Have the kernel send this process `number` when `parent`, which forked it, ends."""
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if LINUX and ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value}) failed")


if __name__ == "__main__":
    sys.exit(main())
