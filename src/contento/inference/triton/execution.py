"""What Triton's two models share: how they open the live bundles and answer a batch of requests.

Runs in the Python backend's process, which gives `triton_python_backend_utils`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import triton_python_backend_utils as pb_utils

from contento.contracts.errors import ContentoError
from contento.inference.triton.wire import Arrays
from contento.model.serving import LiveBundles

T = TypeVar("T")


class ModelDeviceError(ContentoError):
    """A model is to run on a GPU that its process cannot use."""


def open_bundles(arguments: Mapping[str, str], *, encode: bool, score: bool) -> LiveBundles:
    """Load and warm the live bundles, as the model's `config.pbtxt` says.

    Args:
        arguments: What Triton gives `initialize`.
        encode: Whether the model encodes texts.
        score: Whether it scores rows.

    Raises:
        ContentoError: The bundles cannot be loaded; Triton then reports the model as not ready.
    """
    parameters = json.loads(arguments["model_config"])["parameters"]
    setting = {name: value["string_value"] for name, value in parameters.items()}
    torch.set_num_threads(int(setting["threads"]))
    on_gpu = arguments["model_instance_kind"] == "GPU"
    if on_gpu and not torch.cuda.is_available() and setting["device"] == "gpu":
        raise ModelDeviceError(
            f"{arguments['model_name']} is to run on a GPU, but its process sees none: install torch with CUDA, "
            "or render the model repository with device cpu"
        )
    device = f"cuda:{arguments['model_instance_device_id']}" if on_gpu and torch.cuda.is_available() else "cpu"
    return LiveBundles.open(
        Path(setting["bundles"]),
        device=device,
        encode=encode,
        score=score,
        arithmetic=setting["arithmetic"],
        cache=Path(setting["cache"]),
    )


def answer(
    requests: Sequence[Any],
    *,
    read: Callable[[Any], tuple[T, int]],
    run: Callable[[list[T]], Arrays],
    more: Callable[[Any, int], Arrays] = lambda _request, _rows: {},
) -> list[Any]:
    """Run requests as one batch and return a response for each; a wrong one fails alone.

    Args:
        requests: What Triton gives `execute`.
        read: Returns a request's content and its number of rows; raises `ContentoError` if it is wrong.
        run: Returns the tensors of all rows of several requests.
        more: Returns further tensors of a request of so many rows.
    """
    responses: list[Any] = [None] * len(requests)
    contents: list[T] = []
    places: list[tuple[int, int]] = []
    for number, request in enumerate(requests):
        try:
            content, rows = read(request)
        except (ContentoError, UnicodeDecodeError) as error:
            refusal = pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
            responses[number] = pb_utils.InferenceResponse(error=refusal)
        else:
            contents.append(content)
            places.append((number, rows))
    if not contents:
        return responses
    arrays = run(contents)
    start = 0
    for number, rows in places:
        mine = {name: array[start : start + rows] for name, array in arrays.items()}
        mine |= more(requests[number], rows)
        responses[number] = pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, np.ascontiguousarray(array)) for name, array in mine.items()]
        )
        start += rows
    return responses


def array_of(request: Any, name: str) -> Any:
    """Return a tensor of a request, `None` when an optional one is missing."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return None if tensor is None else tensor.as_numpy()
