import json
import random
import socket
from pathlib import Path

from contento.local.ports import HIGHEST, LOWEST, Ports, answers, is_free


def test_a_free_port_is_remembered(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json").take("redis")
    assert LOWEST <= first <= HIGHEST
    assert Ports(tmp_path / "ports.json").take("redis") == first


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text(json.dumps({"redis": 20_001, "kafka": 20_001}))
    ports = Ports(tmp_path / "ports.json")
    assert ports.take("redis") != ports.take("kafka")


def test_a_port_in_use_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert answers(f"127.0.0.1:{port}")
        (tmp_path / "ports.json").write_text(json.dumps({"redis": port}))
        assert Ports(tmp_path / "ports.json").take("redis") != port
    assert is_free(port)
    assert not answers(f"127.0.0.1:{port}")


def test_anew_is_another_one(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", random_source=random.Random(1))
    first = ports.take("redis")
    assert ports.take("redis", anew=True) != first


def test_a_broken_memory_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('["no", "ports"')
    assert LOWEST <= Ports(tmp_path / "ports.json").take("redis") <= HIGHEST
    (tmp_path / "ports.json").write_text('{"redis": "six"}')
    assert LOWEST <= Ports(tmp_path / "ports.json").take("redis") <= HIGHEST


def test_an_address_that_is_none_does_not_answer() -> None:
    assert not answers("nonsense")
    assert not answers("127.0.0.1:99999999")
