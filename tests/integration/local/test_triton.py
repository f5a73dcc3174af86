"""The server in its own environment, with a model of the test's."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from tritonclient.grpc import InferenceServerClient, InferInput

from contento.local.ports import LOOPBACK, Ports
from contento.local.service import Service, ServiceFailed
from contento.local.triton import SHARED_MEMORY, TritonPorts, is_ready, triton_service
from contento.local.triton_environment import find_environment, why_no_triton

pytestmark = [pytest.mark.embedded, pytest.mark.slow]


def server(tmp_path: Path, repository: Path) -> tuple[Service, TritonPorts]:
    environment = find_environment()
    if environment is None:
        pytest.skip(why_no_triton() or "no environment: run `python -m contento.local.triton_environment`")
    ports = Ports(tmp_path / "ports.json")
    taken = TritonPorts(http=ports.take("http"), grpc=ports.take("grpc"), metrics=ports.take("metrics"))
    return Service(
        triton_service(environment, tmp_path / "triton", repository=repository, ports=taken, bundles=tmp_path)
    ), taken


def ask(address: str) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    text = np.array([["caffè".encode()], [b""]], dtype=np.object_)
    inputs = [InferInput("x", [2, 3], "FP32"), InferInput("text", [2, 1], "BYTES")]
    inputs[0].set_data_from_numpy(x)
    inputs[1].set_data_from_numpy(text)
    with InferenceServerClient(address) as client:
        answer = client.infer("echo", inputs)
    np.testing.assert_array_equal(answer.as_numpy("y"), 2 * x)
    assert answer.as_numpy("said").tolist() == text.tolist()


def test_a_model_answers_also_after_a_kill_and_nothing_is_left(tmp_path: Path, echo_repository: Path) -> None:
    service, ports = server(tmp_path, echo_repository)
    try:
        service.start()
        ask(service.spec.address)
        assert not is_ready(f"{LOOPBACK}:{ports.http}", ["echo"], identity="another stack's server")
        guards = psutil.Process(service.pid).parents()[:2]
        tree = [*psutil.Process(service.pid).children(recursive=True), psutil.Process(service.pid), *guards]
        assert len(tree) >= 4  # the server, its model's process, and the two guards
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(service.pid).net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert {address.removeprefix("::ffff:") for address in listening} == {LOOPBACK}

        os.kill(service.pid or 0, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not (service.restarts == 1 and service.state == "ready"):
            assert time.monotonic() < deadline, service.last_log_lines()
            time.sleep(0.05)
        assert not any(process.is_running() for process in tree)
        ask(service.spec.address)
        identity = service.spec.command[service.spec.command.index("--id") + 1]
        assert len(list(SHARED_MEMORY.glob(f"{identity}*"))) == 1  # not that of the killed one
    finally:
        service.stop()
    assert not list(SHARED_MEMORY.glob(f"{identity}*"))


def test_a_broken_model_says_why(tmp_path: Path, echo_repository: Path) -> None:
    (echo_repository / "echo" / "1" / "model.py").write_text("raise RuntimeError('the weights are missing')")
    service, _ = server(tmp_path, echo_repository)
    with pytest.raises(ServiceFailed, match="the weights are missing"):
        service.start()
    assert not service.alive
