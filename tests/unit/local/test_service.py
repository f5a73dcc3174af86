import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from contento.local.service import BackOff, Service, ServiceFailed, ServiceSpec

WAITS = "import time; print('up', flush=True); time.sleep(600)"


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


Make = Callable[..., Service]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Service] = []

    def service(
        code: str,
        *,
        ready: Callable[[Service], bool] | None = None,
        start_deadline_s: float = 10.0,
        back_off: BackOff | None = None,
        on_restart: Callable[[Service], None] | None = None,
    ) -> Service:
        spec = ServiceSpec(
            name="thing",
            what="a thing",
            command=(sys.executable, "-c", code),
            environment=dict(os.environ),
            directory=tmp_path / "thing",
            ready=ready,
            start_deadline_s=start_deadline_s,
            stop_deadline_s=0.5,
            advice="mend the thing",
        )
        made.append(Service(spec, back_off=back_off, on_restart=on_restart))
        return made[-1]

    yield service
    for one in made:
        one.stop()


def said_up(service: Service) -> bool:
    return "up" in service.last_log_lines()


def test_it_starts_reports_and_stops(make: Make) -> None:
    service = make(WAITS, ready=said_up)
    service.start()
    assert service.state == "ready"
    assert service.pid is not None
    os.kill(service.pid, 0)
    pid = service.pid
    service.stop()
    assert not service.alive
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_process_is_back_at_once_and_counted(make: Make) -> None:
    back: list[int] = []
    service = make(WAITS, back_off=BackOff(stable_s=0.0), on_restart=lambda one: back.append(one.restarts))
    service.start()
    for restart in (1, 2, 3):
        pid = service.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda count=restart: len(back) == count)  # type: ignore[misc]
        assert service.pid not in {None, pid}
    assert back == [1, 2, 3]
    assert "ended with exit status 137; starting it again in 0 s" in service.last_log_lines()


def test_a_killed_guards_process_is_gone_before_the_next_starts(make: Make) -> None:
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"
    service = make(stubborn, ready=said_up)
    service.start()
    command = psutil.Process(service.pid)
    command.parents()[1].kill()  # the outer guard; the inner one needs its deadline to end the command
    until(lambda: service.restarts == 1 and service.state == "ready")
    assert not command.is_running()
    assert service.pid != command.pid


def test_a_crash_loop_waits_longer_each_time(make: Make) -> None:
    service = make(
        "import time; print('up', flush=True); time.sleep(0.05)",
        ready=said_up,
        back_off=BackOff(first_s=0.05, highest_s=0.1, stable_s=30.0),
    )
    service.start()
    until(lambda: service.restarts >= 4, seconds=60)
    waits = [line.split(" in ")[1] for line in service.last_log_lines(100).splitlines() if "starting it again" in line]
    assert waits[:4] == ["0.05 s", "0.1 s", "0.1 s", "0.1 s"]


def test_back_off_doubles_up_to_its_highest() -> None:
    assert [BackOff().delay(deaths) for deaths in range(8)] == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_what_does_not_come_up_says_why(make: Make) -> None:
    service = make("import sys; print('the disk is on fire'); sys.exit(3)", ready=lambda _: False)
    with pytest.raises(ServiceFailed) as caught:
        service.start()
    message = str(caught.value)
    assert message.startswith("thing ended with exit status 3 before it was ready")
    assert "the disk is on fire" in message
    assert "What to do: mend the thing" in message
    assert service.state == "stopped"


def test_what_is_never_ready_is_ended(make: Make) -> None:
    service = make(WAITS, ready=lambda _: False, start_deadline_s=0.3)
    with pytest.raises(ServiceFailed, match=r"was not ready after 0\.3 s"):
        service.start()
    assert not service.alive


def test_an_answer_from_another_process_is_not_readiness(make: Make) -> None:
    service = make("raise SystemExit(1)", ready=lambda one: not one.alive)
    with pytest.raises(ServiceFailed):
        service.start()


def test_a_stop_ends_a_back_off(make: Make) -> None:
    service = make(
        "import time; print('up', flush=True); time.sleep(0.5)",
        ready=said_up,
        back_off=BackOff(first_s=60.0, highest_s=60.0, stable_s=30.0),
    )
    service.start()
    until(lambda: service.state == "restarting")
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 30  # not the 60 s of the back-off
    assert service.restarts == 0


def test_the_log_of_the_start_before_is_kept(make: Make) -> None:
    service = make(WAITS, ready=said_up)
    service.start()
    service.stop()
    with pytest.raises(ServiceFailed, match="was stopped while it started"):
        service.start()
    service.start_again()
    assert service.spec.log.with_name("log.1").exists()
    assert service.spec.log.read_text() == "up\n"


def test_a_stop_interrupts_a_start(make: Make) -> None:
    service = make(WAITS, ready=lambda _: False, start_deadline_s=60.0)
    with ThreadPoolExecutor(1) as pool:
        start = pool.submit(service.start)
        until(lambda: service.pid is not None)
        service.stop()
        with pytest.raises(ServiceFailed, match="was stopped while it started"):
            start.result(30)  # not the 60 s of the start deadline
    assert not service.alive
