import ast
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from contento.inference.triton import wire
from contento.inference.triton.repository import MODELS, RepositoryDevice, render_repository
from contento.model.interface import EncoderOutputs, ScorerInputs, ScorerOutputs


def config(repository: Path, model: str) -> model_config_pb2.ModelConfig:
    text = (repository / model / "config.pbtxt").read_text()
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@pytest.mark.parametrize(("device", "kind"), [("auto", 0), ("gpu", 1), ("cpu", 2)])
def test_the_configuration_is_what_triton_reads(tmp_path: Path, device: RepositoryDevice, kind: int) -> None:
    bundles = tmp_path / 'odd "name" \\ here'
    names = render_repository(
        tmp_path,
        bundles=bundles,
        device=device,
        scorer_instances=3,
        encoder_instances=2,
        threads=5,
        arithmetic="int8",
        cache=Path("/some/cache"),
    )
    assert names == ["contento_encoder", "contento_scorer"]
    scorer, encoder = config(tmp_path, "contento_scorer"), config(tmp_path, "contento_encoder")
    for model, rows, instances in ((scorer, wire.SCORER_ROWS, 3), (encoder, wire.ENCODER_TEXTS, 2)):
        assert model.backend == "python"
        assert model.max_batch_size == rows
        assert model.HasField("dynamic_batching")
        assert [(group.kind, group.count) for group in model.instance_group] == [(kind, instances)]
        assert {name: value.string_value for name, value in model.parameters.items()} == {
            "bundles": str(bundles),
            "device": device,
            "threads": "5",
            "arithmetic": "int8",
            "cache": "/some/cache",
        }
    assert [tensor.name for tensor in scorer.input if tensor.optional] == ["IMAGE"]
    assert {t.name: list(t.dims) for t in scorer.input} == {n: list(s) for n, (_, s) in wire.SCORER_INPUTS.items()}
    assert {t.name: list(t.dims) for t in scorer.output} == {n: list(s) for n, (_, s) in wire.SCORER_OUTPUTS.items()}


def test_rendering_again_replaces_the_models(tmp_path: Path) -> None:
    render_repository(tmp_path, bundles=tmp_path)
    model = tmp_path / "contento_scorer" / "1" / "model.py"
    model.write_text("changed")
    render_repository(tmp_path, bundles=tmp_path, device="cpu")
    assert model.read_bytes() == (MODELS / "contento_scorer" / "1" / "model.py").read_bytes()
    ast.parse(model.read_text())


def test_tensors_are_the_fields_of_the_interface() -> None:
    def upper(kind: type) -> set[str]:
        return {name.upper() for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]

    assert set(wire.SCORER_INPUTS) == upper(ScorerInputs)
    assert set(wire.SCORER_OUTPUTS) == upper(ScorerOutputs) | {wire.LIVE}
    assert set(wire.ENCODER_OUTPUTS) == upper(EncoderOutputs)
