"""`contento up`, `topics` and `doctor`, as a person runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from contento.local.stack import Stack
from contento.local.triton_environment import find_environment

CONTENTO = [sys.executable, "-m", "contento"]
pytestmark = [pytest.mark.embedded, pytest.mark.slow]


def clean_environment() -> dict[str, str]:
    ours = ("CONTENTO_", "KAFKA_HOME", "JAVA_HOME")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, "COLUMNS": "160"}


def run(*arguments: str, directory: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*CONTENTO, *arguments],
        cwd=directory,
        env={**clean_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


class Up:
    """A running `contento up`."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.output = directory / "said"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [*CONTENTO, "up", *arguments],
                cwd=directory,
                env=clean_environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    running: list[Up] = []

    def start(*arguments: str) -> Up:
        running.append(Up(tmp_path, *arguments))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def checks(done: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, Any]]:
    answer = json.loads(done.stdout)
    assert answer["ok"] == (done.returncode == 0), done.stdout
    return {check["name"]: check for check in answer["checks"]}


def test_up_runs_restarts_is_found_and_leaves_nothing(started: Callable[..., Up], tmp_path: Path) -> None:
    up = started("--inference", "in-process")
    up.wait_for("Ctrl-C stops everything.")
    assert "in the scorer's process, without Triton" in up.said
    processes = psutil.Process(up.process.pid).children(recursive=True)
    scorer = next(one for one in processes if one.cmdline()[1:] == ["-m", "contento", "scorer"])

    done = run("doctor", "--json", directory=tmp_path)
    found = checks(done)
    assert done.returncode == 0, done.stdout
    assert {name: found[name]["state"] for name in ("kafka", "redis", "model", "bundles")} == {
        "kafka": "ok",
        "redis": "ok",
        "model": "ok",
        "bundles": "ok",
    }
    listed = run("topics", "list", directory=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.count("exists") == 7

    os.kill(scorer.pid, signal.SIGKILL)
    up.wait_for("scorer ended and was started again (restart 1,")
    processes += psutil.Process(up.process.pid).children(recursive=True)

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0
    assert up.said.rstrip().endswith("Stopped.")
    assert not [(one, one.cmdline()) for one in processes if one.is_running()]
    assert checks(run("doctor", "--json", directory=tmp_path))["kafka"]["state"] == "skipped"


@pytest.mark.skipif(find_environment() is None, reason="Triton's environment is not built")
def test_a_start_can_be_broken_off(started: Callable[..., Up]) -> None:
    up = started()
    up.wait_for("redis")  # Triton takes ten seconds more
    processes = psutil.Process(up.process.pid).children(recursive=True)
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(30) == 0
    assert "Stopped." in up.said
    assert not [(one, one.cmdline()) for one in processes if one.is_running()]


def test_up_says_what_is_wrong(tmp_path: Path) -> None:
    done = run("up", "--kafka-home", str(tmp_path), directory=tmp_path)
    assert done.returncode == 1
    assert "is no Kafka release" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    done = run(
        "doctor",
        "--json",
        directory=tmp_path,
        CONTENTO_KAFKA="127.0.0.1:1",
        CONTENTO_REDIS="redis://:secret@127.0.0.1:1/0",
        CONTENTO_TRITON="127.0.0.1:1",
        CONTENTO_BUNDLES=str(tmp_path),
        KAFKA_HOME=str(tmp_path),
    )
    found = checks(done)
    assert done.returncode == 1
    wrong = {name for name, check in found.items() if check["state"] == "wrong"}
    assert wrong == {"kafka home", "bundles", "kafka", "redis", "model"}
    assert all(found[name]["advice"] for name in wrong)
    assert "secret" not in done.stdout
    shown = run("doctor", directory=tmp_path, CONTENTO_REDIS="redis://127.0.0.1:1/0")
    assert shown.returncode == 1
    assert "→ start one with `contento up`, or correct CONTENTO_REDIS" in shown.stdout


def test_doctor_finds_missing_topics_and_topics_creates_them(embedded_stack: Stack, tmp_path: Path) -> None:
    variables = {"CONTENTO_KAFKA": embedded_stack.kafka, "CONTENTO_TOPIC_PREFIX": "shop"}
    found = checks(run("doctor", "--json", directory=tmp_path, **variables))
    assert "missing: shop.events, shop.items" in found["kafka"]["found"]
    assert found["kafka"]["advice"] == "run `contento topics create`"
    assert run("topics", "list", directory=tmp_path, **variables).returncode == 1
    created = run("topics", "create", directory=tmp_path, **variables)
    assert created.returncode == 0, created.stderr
    assert created.stdout.count("created") == 7
    assert run("topics", "list", directory=tmp_path, **variables).returncode == 0
