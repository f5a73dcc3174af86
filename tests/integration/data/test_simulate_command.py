from pathlib import Path

from typer.testing import CliRunner

from contento.cli.main import app
from contento.training.readers import open_source


def test_the_command_writes_a_log_that_reads_back_as_the_world_it_simulated(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl.zst"
    arguments = ["simulate", "drift", "--out", str(path), "--events", "2000", "--seed", "3", "--users", "50"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    world = open_source("simulated:drift?events=2000&users=50&seed=3")
    log = open_source(f"log:{path}")
    assert log.size == 2000
    assert list(log.items()) == list(world.items())
    assert list(log.records()) == list(world.records())
    for word in ("view", "rating", "taste-shift", "broken-product", "2000"):
        assert word in result.output


def test_the_same_command_writes_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for path in paths:
        result = CliRunner().invoke(app, ["simulate", "steady", "--out", str(path), "--events", "500"])
        assert result.exit_code == 0, result.output
    assert paths[0].read_bytes() == paths[1].read_bytes()
