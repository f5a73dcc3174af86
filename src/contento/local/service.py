"""One supervised process: started, found ready, restarted when it dies, stopped with everything it started."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from contento.contracts.errors import ContentoError

State = Literal["stopped", "starting", "ready", "restarting"]
GUARD = Path(__file__).with_name("guard.py")
POLL_S = 0.02
LOG_LINES = 15


class ServiceFailed(ContentoError):
    """A process of the stack did not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """What a service runs.

    Attributes:
        name: Short name, for people and for its folder.
        what: What it is, in a few words, for people.
        address: Where it answers; empty for what only calls others.
        command: Program and arguments.
        environment: Its whole environment.
        directory: Its folder: working directory, log and data.
        ready: Whether it does its work now; `None` when being alive is all there is to know. Asked
            again and again from a thread, so it must return quickly and not raise.
        clean: Removes what a killed process leaves; called before each start and after the end.
        start_deadline_s: Seconds until it must be ready.
        stop_deadline_s: Seconds from SIGTERM to SIGKILL.
        advice: What to do when it does not come up.
    """

    name: str
    what: str
    address: str = ""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    ready: Callable[["Service"], bool] | None = None
    clean: Callable[[], None] = lambda: None
    start_deadline_s: float = 30.0
    stop_deadline_s: float = 10.0
    advice: str = "read its log"

    @property
    def log(self) -> Path:
        """Where its output goes; that of the start before is in `log.1`."""
        return self.directory / "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """How long to wait before a restart.

    A process that ran for `stable_s` before it died is started again at once, so that one crash costs
    no time; one that dies again and again waits twice as long each time.
    """

    first_s: float = 0.25
    highest_s: float = 5.0
    stable_s: float = 3.0

    def delay(self, deaths_in_a_row: int) -> float:
        """Seconds before the next start; `deaths_in_a_row` counts those within `stable_s`, from 0."""
        return 0.0 if deaths_in_a_row == 0 else min(self.highest_s, self.first_s * 2.0 ** (deaths_in_a_row - 1))


class Service:
    """Keeps one process running until it is stopped. Methods may be called from any thread."""

    def __init__(
        self,
        spec: ServiceSpec,
        *,
        lock: int | None = None,
        back_off: BackOff | None = None,
        on_restart: Callable[["Service"], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what to run; nothing is started yet.

        Args:
            spec: What to run.
            lock: A file descriptor that the process's guards keep open, so that a lock on it lasts as long
                as anything of the process does.
            back_off: Waits before restarts.
            on_restart: Called from the service's own thread each time it is ready again after a death.
            clock: Monotonic seconds.
        """
        self.spec = spec
        self.restarts = 0
        self.state: State = "stopped"
        self.pid: int | None = None
        self._lock = lock
        self._back_off = back_off or BackOff()
        self._on_restart = on_restart
        self._clock = clock
        self._run: _Run | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the process and return once it is ready.

        Raises:
            ServiceFailed: It ended, was not ready in time, or was stopped meanwhile or before; the message
                holds the log's last lines.
        """
        self.state = "starting"
        if self.spec.log.exists():
            self.spec.log.replace(self.spec.log.with_name("log.1"))
        try:
            run = self._launch()
            self._wait_ready(run)
        except BaseException:
            self._end_run()
            self.state = "stopped"
            raise
        self.state = "ready"
        self._thread = threading.Thread(
            target=self._supervise, args=(run,), name=f"watch-{self.spec.name}", daemon=True
        )
        self._thread.start()

    def start_again(self) -> None:
        """Start after a stop; otherwise as `start`."""
        self._stopping.clear()
        self.start()

    def stop(self) -> None:
        """End the process and everything it started; returns when nothing is left. May interrupt a start."""
        self._stopping.set()
        self._end_run()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._end_run()  # a start that was under way when the order came
        self.spec.clean()
        self.state, self.pid = "stopped", None

    @property
    def alive(self) -> bool:
        """Whether the process runs now."""
        return self._run is not None and self._run.guard.poll() is None

    def last_log_lines(self, lines: int = LOG_LINES) -> str:
        """Return the end of the log."""
        try:
            with self.spec.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 400 * lines))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def _launch(self) -> "_Run":
        self.spec.clean()
        self._run = _Run.of(self.spec, self._lock)
        self.pid = self._run.pid
        return self._run

    def _wait_ready(self, run: "_Run") -> None:
        began = self._clock()
        while True:
            # The process must outlive the question: the answer may come from another server on its port.
            answered = run.pid is not None and (self.spec.ready is None or self.spec.ready(self))
            status = run.guard.poll()
            if answered and status is None:
                return
            if self._stopping.is_set():
                raise ServiceFailed(f"{self.spec.name} was stopped while it started: start it again")
            if status is not None:
                raise ServiceFailed(self._failure(f"ended with exit status {status} before it was ready"))
            if self._clock() - began > self.spec.start_deadline_s:
                raise ServiceFailed(self._failure(f"was not ready after {self.spec.start_deadline_s:g} s"))
            self._stopping.wait(POLL_S)

    def _failure(self, what: str) -> str:
        return (
            f"{self.spec.name} {what}. Its last lines:\n{self.last_log_lines()}\n"
            f"Command: {' '.join(self.spec.command)}\n"
            f"What to do: {self.spec.advice} ({self.spec.log})"
        )

    def _supervise(self, run: "_Run") -> None:
        deaths = 0
        began = self._clock()
        while True:
            status = run.wait()
            if self._stopping.is_set():
                return
            deaths = deaths + 1 if self._clock() - began < self._back_off.stable_s else 0
            self.state, self.pid = "restarting", None
            delay = self._back_off.delay(deaths)
            self._note(f"ended with exit status {status}; starting it again in {delay:g} s")
            if self._stopping.wait(delay):
                return
            self.restarts += 1
            began = self._clock()
            run = self._launch()
            try:
                self._wait_ready(run)
            except ServiceFailed as failure:
                if self._stopping.is_set():
                    return
                self._note(str(failure).splitlines()[0])
                run.close()
                continue
            self.state = "ready"
            if self._on_restart is not None:
                try:
                    self._on_restart(self)
                except ContentoError as error:
                    self._note(f"is back, but: {error}")

    def _note(self, what: str) -> None:
        """Write a line of the supervisor's own into the service's log."""
        with self.spec.log.open("a", encoding="utf-8") as log:
            log.write(f"[contento] {self.spec.name} {what}\n")

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run.wait()


@dataclass(slots=True, kw_only=True)
class _Run:
    """One life of the process, under its guard."""

    guard: "subprocess.Popen[bytes]"
    pid: int | None
    _life: int
    _report: IO[str]
    _closing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, spec: ServiceSpec, lock: int | None) -> "_Run":
        spec.directory.mkdir(parents=True, exist_ok=True)
        life_read, life_write = os.pipe()
        report_read, report_write = os.pipe()
        kept = (life_read, report_write) if lock is None else (life_read, report_write, lock)
        arguments = ("--life", str(life_read), "--report", str(report_write), "--deadline", str(spec.stop_deadline_s))
        try:
            with spec.log.open("ab") as log:
                guard = subprocess.Popen(
                    [sys.executable, "-I", str(GUARD), *arguments, "--", *spec.command],
                    env=dict(spec.environment),
                    cwd=spec.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=kept,
                    start_new_session=True,
                )
        except BaseException:
            os.close(life_write)
            os.close(report_read)
            raise
        finally:
            os.close(life_read)
            os.close(report_write)
        report = os.fdopen(report_read)
        reported = report.readline().strip()  # empty when the guard died first
        return cls(guard=guard, pid=int(reported) if reported else None, _life=life_write, _report=report)

    def wait(self) -> int:
        """Wait until nothing of it is left, also when the outer guard was killed, and return the exit status."""
        status = self.guard.wait()
        with self._closing:
            if not self._report.closed:
                self._report.read()  # until the inner guard has ended too
                self._report.close()
        return status

    def close(self) -> None:
        """Let go of the pipe, which ends the process; a second time does nothing."""
        with self._closing:
            if self._life >= 0:
                with suppress(OSError):
                    os.close(self._life)
                self._life = -1
