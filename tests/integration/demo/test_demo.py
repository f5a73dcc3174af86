"""`contento demo` as a newcomer runs it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared"
DATA = SHARED / "data"
FIGURES = {
    "events", "scored", "dead_lettered", "duplicates", "p50_ms", "p99_ms", "events_per_s", "cpu_us_per_event",
    "bundle", "inference", "joined", "mae", "inside", "alerts",
}  # fmt: skip
REVIEWS = (
    f"csv:{DATA}/amazon-musical-instruments/reviews.csv.gz"
    "?user=reviewerID&item=asin&time=unixReviewTime&text=summary,reviewText&rating=overall"
)


def demo(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "contento", "demo", "--directory", str(directory), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CONTENTO_", "KAFKA_"))}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )


def summary(directory: Path, *arguments: str) -> dict[str, Any]:
    process = demo(directory, "--once", "--json", *arguments)
    try:
        output, _ = process.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        pytest.fail(f"the demo does not end:\n{where_it_hangs(process)}")
    assert process.returncode == 0, output
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert found.keys() >= FIGURES
    return found


def where_it_hangs(process: subprocess.Popen[str]) -> str:
    """Return the stacks of a process and of those it started, and what it printed, and end it."""
    tree = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    spy = str(Path(sys.executable).with_name("py-spy"))
    stacks = [
        subprocess.run([spy, "dump", "--pid", str(pid)], capture_output=True, text=True, timeout=20, check=False).stdout
        for pid in tree
    ]
    process.terminate()  # its servers end with it
    output, _ = process.communicate(timeout=30)
    return "\n".join([*filter(None, stacks), output])


def everything_counted(figures: dict[str, Any], events: int) -> None:
    assert figures["events"] == figures["scored"] == events
    assert (figures["dead_lettered"], figures["duplicates"], figures["repeated_events"]) == (0, 0, 0)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert figures["events_per_s"] > 0
    assert figures["cpu_us_per_event"] > 0
    assert len(figures["bundle"]) == 64


def names_in_tree(pid: int) -> dict[psutil.Process, str]:
    """Everything that a process has started, directly or not, that lives."""
    found = {}
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found[process] = process.name()
    return found


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_simulated_log_ends_in_scores(tmp_path: Path) -> None:
    figures = summary(tmp_path, "--data", "simulated:steady?events=1500&seed=5")
    everything_counted(figures, 1500)
    assert figures["inference"] == "triton"


@pytest.mark.data
@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("data", "limit", "events"),
    [
        (f"rees46:{DATA}/rees46-clickstream/events.csv.gz", None, 17_434),
        (f"movielens-100k:{DATA}/movielens-100k", 4000, 4000),
        (REVIEWS, 150, 150),
    ],
    ids=["rees46", "movielens", "reviews"],
)
def test_real_logs_are_scored_whole(tmp_path: Path, data: str, limit: int | None, events: int) -> None:
    if not Path(data.partition(":")[2].partition("?")[0]).exists():
        pytest.skip(f"no data set at {data}")
    limits = ["--limit", str(limit)] if limit else []
    everything_counted(summary(tmp_path, "--inference", "in-process", "--data", data, *limits), events)


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_on_apache_kafka_too(tmp_path: Path, kafka_home: Path) -> None:
    data = "simulated:steady?events=1000&seed=5"
    figures = summary(tmp_path, "--inference", "in-process", "--kafka-home", str(kafka_home), "--data", data)
    everything_counted(figures, 1000)


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_nothing_is_left_when_it_is_stopped_in_the_middle(tmp_path: Path, end: signal.Signals) -> None:
    process = demo(tmp_path, "--once", "--inference", "in-process", "--rate", "20")
    # The scorer listens once it is the last of the three that starts.
    until(
        lambda: (tmp_path / "scorer" / "log").exists() and '"ready"' in (tmp_path / "scorer" / "log").read_text(),
        "ready",
    )
    started = names_in_tree(process.pid)
    assert {"redis-server"} < set(started.values())
    assert len(started) >= 6, started  # a server and its guard for each of broker, Redis and scorer
    process.send_signal(end)
    output, _ = process.communicate(timeout=60)
    until(lambda: not any(p.is_running() for p in started), "all it started has ended", 30)
    assert "Traceback" not in output
