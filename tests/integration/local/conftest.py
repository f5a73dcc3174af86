"""A trivial model for Triton, so that the server is tested without Contento's models."""

from pathlib import Path

import pytest

CONFIG = """
name: "echo"
backend: "python"
max_batch_size: 64
input [{ name: "x", data_type: TYPE_FP32, dims: [ 3 ] }, { name: "text", data_type: TYPE_STRING, dims: [ 1 ] }]
output [{ name: "y", data_type: TYPE_FP32, dims: [ 3 ] }, { name: "said", data_type: TYPE_STRING, dims: [ 1 ] }]
instance_group [{ kind: KIND_CPU, count: 1 }]
"""
MODEL = """
import numpy
import torch
import triton_python_backend_utils as pb

import contento.contracts.errors

assert numpy.__version__.startswith("1.26."), numpy.__version__


class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            x = pb.get_input_tensor_by_name(request, "x").as_numpy()
            said = pb.get_input_tensor_by_name(request, "text").as_numpy()
            y = (torch.from_numpy(x.copy()) * 2).numpy()
            answers.append(pb.InferenceResponse([pb.Tensor("y", y), pb.Tensor("said", said)]))
        return answers
"""


def render_echo(repository: Path) -> None:
    """Write a model that doubles `x` with torch and repeats `text`."""
    (repository / "echo" / "1").mkdir(parents=True)
    (repository / "echo" / "config.pbtxt").write_text(CONFIG)
    (repository / "echo" / "1" / "model.py").write_text(MODEL)


@pytest.fixture
def echo_repository(tmp_path: Path) -> Path:
    """A repository with the model of `render_echo`."""
    render_echo(tmp_path / "models")
    return tmp_path / "models"
