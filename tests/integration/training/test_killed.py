"""`contento train`, killed with -9 at random moments and called again."""

import csv
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from own_texts import OwnTexts
from tiny_encoders import write_tiny_encoder

from contento.contracts.messages import UserEvent

KILLS = 3


def reviews(path: Path) -> str:
    """Write the reviews as a table and return its specification."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["user", "item", "time", "text", "rating"])
        events: dict[str, UserEvent] = {}
        for record in OwnTexts(events=400).records():
            if isinstance(record, UserEvent):
                events[record.event_id] = record
            else:
                event = events[record.event_id]
                table.writerow([event.user_id, event.item_id, event.time.seconds, event.text, record.rating])
    return f"csv:{path}?user=user&item=item&time=time&text=text&rating=rating"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_ends_with_the_same_bundle(tmp_path: Path) -> None:
    encoder = str(write_tiny_encoder(tmp_path / "encoder", layers=3))
    data = reviews(tmp_path / "reviews.csv")
    options = ["--encoder", encoder, "--adapt-text", "--adapt-epochs", "2", "--text-epochs", "8", "--epochs", "8"]
    rng = random.Random(7)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # so small a model gains nothing from a second

    def command(out: Path) -> list[str]:
        return [sys.executable, "-m", "contento", "train", "--data", data, "--out", str(out), *options]

    def bundles(out: Path) -> set[str]:
        return {path.name for path in out.iterdir() if len(path.name) == 64} if out.exists() else set()

    start = time.monotonic()
    done = subprocess.run(
        command(tmp_path / "calm"), capture_output=True, text=True, check=False, timeout=200, env=environment
    )
    took = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    assert len(bundles(tmp_path / "calm")) == 1

    out = tmp_path / "killed"
    for _ in range(KILLS):
        process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            process.wait(timeout=rng.uniform(0.3, 0.95) * took)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    last = subprocess.run(command(out), capture_output=True, text=True, check=False, timeout=200, env=environment)
    assert last.returncode == 0, last.stderr
    assert bundles(out) == bundles(tmp_path / "calm")
