"""Triton's model repository, written from the models in this package."""

import json
import os
import shutil
from pathlib import Path
from typing import Final, Literal

from contento.inference.triton.wire import (
    ENCODER,
    ENCODER_INPUTS,
    ENCODER_OUTPUTS,
    ENCODER_TEXTS,
    OPTIONAL,
    SCORER,
    SCORER_INPUTS,
    SCORER_OUTPUTS,
    SCORER_ROWS,
    Shapes,
)
from contento.model.arithmetic import ArithmeticSetting
from contento.model.store import DEFAULT_CACHE

RepositoryDevice = Literal["auto", "cpu", "gpu"]
MODELS: Final = Path(__file__).parent / "models"
_KINDS: Final[dict[RepositoryDevice, str]] = {"auto": "KIND_AUTO", "cpu": "KIND_CPU", "gpu": "KIND_GPU"}


def render_repository(
    out: Path,
    *,
    bundles: Path,
    device: RepositoryDevice = "auto",
    scorer_instances: int = 1,
    encoder_instances: int = 1,
    threads: int | None = None,
    arithmetic: ArithmeticSetting = "auto",
    cache: Path = DEFAULT_CACHE,
) -> list[str]:
    """Write `contento_encoder` and `contento_scorer` with their `config.pbtxt`; return their names.

    Writing again over the same directory replaces both models.

    Args:
        out: The model repository.
        bundles: The bundle store, as the server sees it.
        device: `gpu` demands one, `auto` takes it where there is one.
        scorer_instances: Processes of the scorer, per device.
        encoder_instances: Processes of the encoder, per device.
        threads: Threads of each encoder process; by default all cores but one, shared among them, because
            with all of them every barrier waits for whatever else runs here. The scorer uses one.
        arithmetic: Of the encoder, as `LiveBundles.open`.
        cache: Where the encoder keeps ONNX graphs between starts, as the server sees it.
    """
    cores = os.cpu_count() or 1
    for name, rows, instances, inputs, outputs in (
        (ENCODER, ENCODER_TEXTS, encoder_instances, ENCODER_INPUTS, ENCODER_OUTPUTS),
        (SCORER, SCORER_ROWS, scorer_instances, SCORER_INPUTS, SCORER_OUTPUTS),
    ):
        version = out / name / "1"
        version.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODELS / name / "1" / "model.py", version / "model.py")
        parameters = {
            "bundles": str(bundles.absolute()),
            "device": device,
            "arithmetic": arithmetic,
            "cache": str(cache),
            "threads": str(threads or max(1, (cores - 1) // encoder_instances)),
        }
        config = (
            f"name: {json.dumps(name)}\n"
            'backend: "python"\n'
            f"max_batch_size: {rows}\n"
            f"{_tensors('input', inputs)}{_tensors('output', outputs)}"
            "dynamic_batching {}\n"
            f"instance_group [{{ kind: {_KINDS[device]} count: {instances} }}]\n"
            + "".join(
                f"parameters {{ key: {json.dumps(key)} value: {{ string_value: {json.dumps(value)} }} }}\n"
                for key, value in parameters.items()
            )
        )
        (out / name / "config.pbtxt").write_text(config, encoding="utf-8")
    return [ENCODER, SCORER]


def _tensors(kind: Literal["input", "output"], shapes: Shapes) -> str:
    lines = []
    for name, (dtype, dimensions) in shapes.items():
        optional = " optional: true" if kind == "input" and name in OPTIONAL else ""
        lines.append(f'{kind} {{ name: "{name}" data_type: TYPE_{dtype} dims: {list(dimensions)}{optional} }}\n')
    return "".join(lines)
