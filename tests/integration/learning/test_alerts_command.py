"""`contento alerts` over a real topic, as a person and as a program read it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from contento.contracts.messages import DriftAlert, Severity
from contento.contracts.topics import TOPICS
from contento.eventlog.feed import Feeder
from contento.local.stack import Stack

CONTENTO = [sys.executable, "-m", "contento", "alerts"]
DEADLINE_S = 40.0


def alert(name: str, severity: Severity = Severity.SEVERITY_TICKET, hours_ago: float = 0.0) -> DriftAlert:
    made = cast("DriftAlert", TOPICS["alerts"].example())
    made.alert_id, made.severity, made.monitor = name, severity, f"satisfaction/item/{name}"
    made.detected_time.FromMilliseconds(time.time_ns() // 1_000_000 - int(hours_ago * 3_600_000))
    return made


async def publish(stack: Stack, prefix: str, *alerts: DriftAlert) -> None:
    async with Feeder(stack.kafka, prefix) as feeder:
        for each in alerts:
            await feeder.send("alerts", each.monitor, each)


def environment(stack: Stack, prefix: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONTENTO_")}
    return {**clean, "CONTENTO_KAFKA": stack.kafka, "CONTENTO_TOPIC_PREFIX": prefix, "COLUMNS": "160"}


def run(stack: Stack, prefix: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*CONTENTO, *arguments], cwd=folder, env=environment(stack, prefix), capture_output=True, text=True,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip


@contextmanager
def following(stack: Stack, prefix: str, folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    output = folder / "said"
    with output.open("w") as file:
        process = subprocess.Popen(
            [*CONTENTO, "--follow", *arguments], cwd=folder, env=environment(stack, prefix), stdout=file,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            yield process, output
        finally:
            process.kill()
            process.wait()


def until_said(output: Path, words: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while words not in output.read_text():
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def ids(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["alert_id"] for line in done.stdout.splitlines()]


async def test_past_alerts_are_shown_and_chosen(stack: Stack, prefix: str, tmp_path: Path) -> None:
    empty = run(stack, prefix, tmp_path)
    assert empty.returncode == 0, empty.stderr
    assert "No alerts." in empty.stdout
    assert "docs/alerts.md" in empty.stdout
    assert run(stack, prefix, tmp_path, "--json").stdout == ""

    await publish(stack, prefix, alert("old", hours_ago=5), alert("page", Severity.SEVERITY_PAGE), alert("ticket"))
    async with Feeder(stack.kafka, prefix) as feeder:
        await feeder.send_raw("alerts", b"k", b"\xff not ours")
    await publish(stack, prefix, alert("notice", Severity.SEVERITY_NOTICE))
    shown = run(stack, prefix, tmp_path)
    assert shown.returncode == 0, shown.stderr
    for words in ("PAGE", "item page of kettles", "The lid broke after a week.", "99.7 %", "NOTICE"):
        assert words in shown.stdout
    assert ids(run(stack, prefix, tmp_path, "--json")) == ["old", "page", "ticket", "notice"]
    assert ids(run(stack, prefix, tmp_path, "--json", "--severity", "ticket")) == ["old", "page", "ticket"]
    assert ids(run(stack, prefix, tmp_path, "--json", "--since", "2h")) == ["page", "ticket", "notice"]

    await publish(stack, prefix, *(alert(f"more{number}") for number in range(10)))
    assert "contento alerts --full" in run(stack, prefix, tmp_path).stdout


async def test_alerts_are_followed_until_ctrl_c(stack: Stack, prefix: str, tmp_path: Path) -> None:
    await publish(stack, prefix, alert("first"))
    with following(stack, prefix, tmp_path, "--severity", "ticket") as (process, output):
        until_said(output, "item first")
        await publish(stack, prefix, alert("hushed", Severity.SEVERITY_NOTICE), alert("second"))
        until_said(output, "item second")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    said = output.read_text()
    assert "hushed" not in said
    assert "Traceback" not in said


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("variables", "arguments", "words"),
    [
        ({"CONTENTO_TOPIC_PREFIX": "nobodys"}, [], "contento topics create"),
        ({"CONTENTO_KAFKA": "127.0.0.1:1"}, [], "or set CONTENTO_KAFKA to its address"),
        ({}, ["--since", "yesterday"], "30m, 2h or 7d"),
    ],
)
def test_what_is_wrong_is_said(
    embedded_stack: Stack, tmp_path: Path, variables: dict[str, str], arguments: list[str], words: str
) -> None:
    done = subprocess.run(
        [*CONTENTO, *arguments], cwd=tmp_path, env={**environment(embedded_stack, "contento"), **variables},
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
