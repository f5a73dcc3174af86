"""The encoder in torch and in ONNX Runtime, with adapters and fewer layers."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from contento.model import encoder_onnx, onnx_graph
from contento.model.arithmetic import UNMEASURED, Arithmetic
from contento.model.config import EncoderConfig
from contento.model.encoder import CPU_TOKENS, GPU_TOKENS, EncoderError, TextEncoder, encoder_hash, new_adapter, passes
from contento.model.encoder_torch import TorchEncoder
from contento.model.permission import permitted_arithmetics

TEXTS = ["the good sound", "", "very very bad broken string was not good hate it", "a guitar", "love"]
INT8_COSINE = 0.999
"""Measured on the random encoder of the tests: .9998."""


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    product: NDArray[np.float32] = (one * other).sum(1)
    return product


def test_onnx_says_what_torch_says(tiny_encoder_of_each_kind: Path, caplog: pytest.LogCaptureFixture) -> None:
    handlers = list(logging.getLogger().handlers)
    reference = str(tiny_encoder_of_each_kind)
    for layers in (0, 1):
        expected = TextEncoder(reference, layers=layers).encode(TEXTS, tokens=12)
        found = TextEncoder(reference, layers=layers, arithmetic="onnx").encode(TEXTS, tokens=12)
        assert cosines(found, expected).min() > 0.9999
        assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert cosines(expected[:1], expected[2:3])[0] < 0.99, "the texts differ, or the comparison says nothing"
    assert not caplog.records, "making a graph logs nothing"
    assert logging.getLogger().handlers == handlers


def test_int8_is_close_to_torch_and_not_the_same(tiny_encoder: Path) -> None:
    expected = TextEncoder(str(tiny_encoder)).encode(TEXTS)
    found = TextEncoder(str(tiny_encoder), arithmetic="int8").encode(TEXTS)
    assert cosines(found, expected).min() > INT8_COSINE
    assert not np.allclose(found, expected, atol=1e-5), "nothing was quantised"


@pytest.mark.parametrize("arithmetic", ["float32", "onnx", "int8"])
def test_an_embedding_does_not_depend_on_its_company(tiny_encoder: Path, arithmetic: Arithmetic) -> None:
    encoder = TextEncoder(str(tiny_encoder), arithmetic=arithmetic)
    assert np.concatenate([encoder.encode([text]) for text in TEXTS]) == pytest.approx(encoder.encode(TEXTS), abs=1e-6)


@pytest.mark.parametrize("layers", [0, 1])
def test_adapters_in_onnx_say_what_they_say_in_torch(tiny_encoder: Path, tmp_path: Path, layers: int) -> None:
    config = EncoderConfig(reference=str(tiny_encoder), layers=layers)
    encoders = [TextEncoder(str(tiny_encoder), layers=layers, arithmetic=each) for each in ("float32", "onnx")]
    for seed in (1, 2):
        new_adapter(config, tmp_path / str(seed), seed=seed)
        for encoder in encoders:
            encoder.add_adapter(f"a{seed}", tmp_path / str(seed))
            encoder.add_adapter(f"a{seed}", tmp_path / "twice is once")
    answers = {name: [encoder.encode(TEXTS, adapter=name) for encoder in encoders] for name in ("a1", "", "a2")}
    for expected, found in answers.values():
        assert cosines(found, expected).min() > 0.9999
    assert cosines(answers["a1"][1], answers["a2"][1]).min() < 0.999
    assert cosines(answers["a1"][1], answers[""][1]).min() < 0.999


def test_fewer_layers_are_another_encoder(tiny_encoder: Path) -> None:
    config = EncoderConfig(reference=str(tiny_encoder))
    assert encoder_hash(replace(config, layers=1)) != encoder_hash(config)
    assert encoder_hash(replace(config, arithmetics=("int8",))) == encoder_hash(config)
    reference = str(tiny_encoder)
    whole, first, both = (TextEncoder(reference, layers=layers).encode(TEXTS) for layers in (0, 1, 2))
    np.testing.assert_array_equal(whole, both)
    assert cosines(whole, first).min() < 0.999
    assert len(TextEncoder(reference, layers=1)._backend.model.encoder.layer) == 1  # type: ignore[attr-defined]
    assert TextEncoder.layers_of(reference) == 2
    with pytest.raises(EncoderError, match="has 2 layers, so its first 3 cannot be run: give 1 to 2, or 0 for all"):
        TextEncoder(reference, layers=3)


def test_layers_in_an_unknown_place_are_refused(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contento.model.encoder_torch._LAYERS", ("blocks.layer",))
    with pytest.raises(EncoderError, match=r"BertModel\) has its layers neither in blocks.layer.*set its layers to 0"):
        TextEncoder(str(tiny_encoder), layers=1)


def test_a_graph_that_answers_otherwise_is_refused(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = onnx_graph._exported

    def damaged(model: torch.nn.Module) -> object:
        with torch.no_grad():
            kept = model.encoder.layer[0].output.dense.weight.clone()  # type: ignore[union-attr, index]
            model.encoder.layer[0].output.dense.weight.zero_()  # type: ignore[union-attr, index]
            graph = exported(model)
            model.encoder.layer[0].output.dense.weight.copy_(kept)  # type: ignore[union-attr, index]
        return graph

    monkeypatch.setattr(onnx_graph, "_exported", damaged)
    with pytest.raises(EncoderError, match=r"answers otherwise than torch \(cosine .*ARITHMETIC=float32"):
        onnx_graph.build_graph(tiny_encoder)


def test_what_cannot_be_exported_is_told(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(onnx_graph, "_exported", fails)
    with pytest.raises(EncoderError, match=r"cannot be made an ONNX graph \(no such operator\): set CONTENTO"):
        TextEncoder(str(tiny_encoder), arithmetic="onnx").encode(["a"])


def test_a_kept_graph_is_used_again(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "deep" / "cache"
    made: list[dict[str, Any]] = []
    build = onnx_graph.build_graph

    def counted(directory: Path, **kwargs: Any) -> bytes:
        made.append(kwargs)
        return build(directory, **kwargs)

    monkeypatch.setattr(encoder_onnx, "build_graph", counted)

    def encoded(layers: int) -> NDArray[np.float32]:
        return TextEncoder(str(tiny_encoder), arithmetic="onnx", layers=layers, cache=cache).encode(TEXTS)

    first = encoded(1)
    np.testing.assert_array_equal(encoded(1), first)
    assert [kwargs["layers"] for kwargs in made] == [1]
    assert not np.allclose(encoded(0), first, atol=1e-3)
    assert [kwargs["layers"] for kwargs in made] == [1, 0]
    assert cache.stat().st_mode & 0o777 == 0o700


def test_graphs_are_told_apart_by_all_that_shapes_them(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_onnx, "build_graph", lambda *_args, **_kwargs: b"graph")
    monkeypatch.setattr(encoder_onnx, "session_of", lambda *_args, **_kwargs: None)
    new_adapter(EncoderConfig(reference=str(tiny_encoder)), tmp_path / "adapter", seed=1)
    for layers in (0, 1):
        for quantised in (False, True):
            encoder = encoder_onnx.OnnxEncoder(
                tiny_encoder, layers=layers, quantised=quantised, cache=tmp_path / "cache"
            )
            for adapter in (None, tmp_path / "adapter"):
                encoder._session(adapter)
    assert len(list((tmp_path / "cache").iterdir())) == 8


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    made = []

    def make() -> bytes:
        made.append(1)
        return b"content" * 100

    assert encoder_onnx.kept(tmp_path, "name", make) == b"content" * 100
    whole = (tmp_path / "name").read_bytes()
    for damaged in (whole[:-1], whole[:300] + b"\0" + whole[301:], b"", b"x"):
        (tmp_path / "name").write_bytes(damaged)
        for _ in range(2):
            assert encoder_onnx.kept(tmp_path, "name", make) == b"content" * 100
    assert len(made) == 5
    assert [each.name for each in tmp_path.iterdir()] == ["name"]


def test_a_cache_that_cannot_be_used_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    assert encoder_onnx.kept(tmp_path / "file" / "cache", "name", lambda: b"made") == b"made"
    cache = tmp_path / "cache"
    (cache / "name").mkdir(parents=True)  # neither readable nor replaceable
    assert encoder_onnx.kept(cache, "name", lambda: b"made") == b"made"
    assert [each.name for each in cache.iterdir()] == ["name"]
    monkeypatch.setattr("os.getuid", lambda: cache.stat().st_uid + 1)
    encoder_onnx.kept(cache, "other", lambda: b"made")
    assert not (cache / "other").exists(), "another user's directory is not trusted"


def test_onnx_runs_with_as_many_threads_as_torch(tiny_encoder: Path) -> None:
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            encoder = TextEncoder(str(tiny_encoder), arithmetic="onnx")
            torch.set_num_threads(3)
            encoder.encode(["a"])
            session = encoder._backend._sessions[""]  # type: ignore[attr-defined]
            assert session.get_session_options().intra_op_num_threads == threads
    finally:
        torch.set_num_threads(before)


def test_passes_hold_so_many_tokens_or_one_text() -> None:
    lengths = [1, 1, 2, 3, 3, 4, 9, 20, 20]
    turns = [lengths[turn] for turn in passes(lengths, 9)]
    assert turns == [[1, 1, 2], [3, 3], [4], [9], [20], [20]]
    assert [lengths[turn] for turn in passes(lengths, 1000)] == [lengths]
    assert list(passes([7], 1)) == [slice(0, 1)]


def test_a_gpu_gets_larger_passes_and_a_cpu_its_own(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    hidden = TorchEncoder.hidden

    def counted(self: TorchEncoder, ids: torch.Tensor, mask: torch.Tensor, adapter: str) -> torch.Tensor:
        sizes.append(ids.numel())
        return hidden(self, ids, mask, adapter)

    monkeypatch.setattr(TorchEncoder, "hidden", counted)
    encoder = TextEncoder(str(tiny_encoder))
    texts = ["a"] * (GPU_TOKENS // 3 + 1)  # three tokens each, with those around it
    encoder.encode(texts)
    assert max(sizes) == CPU_TOKENS // 3 * 3
    sizes.clear()
    monkeypatch.setattr("transformers.BatchEncoding.to", lambda self, _device: self)
    encoder.device = "cuda:0"
    encoder.encode(texts)
    assert sizes == [GPU_TOKENS // 3 * 3, 3]


def test_bfloat16_is_the_type_of_torchs_weights(tiny_encoder: Path) -> None:
    encoder = TextEncoder(str(tiny_encoder), arithmetic="bfloat16")
    assert next(encoder._backend.model.parameters()).dtype == torch.bfloat16  # type: ignore[attr-defined]
    found = encoder.encode(TEXTS)
    assert found.dtype == np.float32
    assert cosines(found, TextEncoder(str(tiny_encoder)).encode(TEXTS)).min() > 0.99


def test_int8_is_permitted_only_where_the_error_holds(tiny_encoder: Path) -> None:
    config = EncoderConfig(reference=str(tiny_encoder), layers=1)
    exact = TextEncoder(str(tiny_encoder), layers=1).encode(TEXTS)

    def distance(embeddings: NDArray[np.float32]) -> float:
        return float(np.abs(embeddings - exact).max())

    lost = distance(TextEncoder(str(tiny_encoder), layers=1, arithmetic="int8").encode(TEXTS))

    def permitted(tolerance: float) -> tuple[Arithmetic, ...]:
        return permitted_arithmetics(config, TEXTS, distance, machine={}, tolerance=tolerance)

    assert permitted(lost * 1.01) == ("float32", "bfloat16", "onnx", "int8")
    assert permitted(lost * 0.99) == UNMEASURED
    assert permitted(-1.0) == ("float32", "bfloat16"), "the machine cannot measure bfloat16, and float32 always is"
    nothing = permitted_arithmetics(config, TEXTS, lambda _: float("nan"), machine={})
    assert nothing == ("float32", "bfloat16")
