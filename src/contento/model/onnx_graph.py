"""From a Hugging Face encoder to an ONNX graph: exported, its attention fused, and quantised if wanted."""

import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import onnx
import onnxruntime
import torch

from contento.model.encoder_identity import EncoderError
from contento.model.encoder_torch import load_base

_OPSET: Final = 17
_FUSED_DOMAIN: Final = "com.microsoft"
_INPUTS: Final = ("input_ids", "attention_mask")
_AXES: Final = {name: {0: "texts", 1: "tokens"} for name in (*_INPUTS, "hidden")}
_LEAST_COSINE: Final = {False: 0.9999, True: 0.9}
"""Between hidden states of the graph and of torch; below it the graph is wrong, not merely rounded."""


def build_graph(directory: Path, *, layers: int = 0, adapter: Path | None = None, quantised: bool = False) -> bytes:
    """Return the ONNX graph of an encoder, LoRA adapter merged in, checked against torch.

    Args:
        directory: Of the base, in Hugging Face's form.
        layers: As in `EncoderConfig`.
        adapter: Directory of a LoRA adapter, in PEFT's format.
        quantised: Whether the products with weights are in int8.

    Raises:
        EncoderError: The base cannot be read, or its graph does not say what torch says.
    """
    # Eager attention is the form whose fusion ONNX Runtime knows.
    model = load_base(directory, layers=layers, attention="eager")
    if adapter is not None:
        from peft import PeftModel  # noqa: PLC0415 - takes a second; most bundles have no adapter

        model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().eval()
    try:
        with _quiet():
            graph = _fused(_exported(model), model.config)
            content = _quantised(graph) if quantised else graph.SerializeToString()
    except EncoderError:
        raise
    except Exception as error:
        raise EncoderError(
            f"the encoder in {directory} ({type(model).__name__}) cannot be made an ONNX graph ({error}): "
            "set CONTENTO_ENCODER_ARITHMETIC=float32"
        ) from error
    _check(content, model, directory, least=_LEAST_COSINE[quantised])
    return content


def session_of(content: bytes, *, threads: int) -> onnxruntime.InferenceSession:
    """Return a session that runs a graph on the CPU with so many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # for shapes that stay; ours change with every batch
    # A thread that spins between passes takes its core from the rest of the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(session: onnxruntime.InferenceSession, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return hidden states `[N, L, D]` float32 for tokens and their mask, int64 `[N, L]`."""
    (hidden,) = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
    return torch.from_numpy(hidden)


class _Hidden(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden


def _exported(model: Any) -> onnx.ModelProto:
    """Trace the model; the newer exporter takes ten times as long, and its attention is not fused."""
    ids = torch.ones((2, 9), dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    file = io.BytesIO()
    torch.onnx.export(
        _Hidden(model).eval(), (ids, mask), cast("Any", file), input_names=list(_INPUTS), output_names=["hidden"],
        dynamic_axes=_AXES, opset_version=_OPSET, dynamo=False,
    )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


def _fused(graph: onnx.ModelProto, config: Any) -> onnx.ModelProto:
    """Return the graph with attention, GELU and layer norms as one operator each, where they are found."""
    from onnxruntime.transformers.fusion_options import FusionOptions  # noqa: PLC0415 - only when a graph is made
    from onnxruntime.transformers.optimizer import optimize_model  # noqa: PLC0415

    options = FusionOptions("bert")
    options.use_raw_attention_mask(True)
    fused = optimize_model(
        graph,
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        optimization_options=options,
        opt_level=0,
    )
    fused.topological_sort()
    optimised: onnx.ModelProto = fused.model
    if not any(each.domain == _FUSED_DOMAIN for each in optimised.opset_import):
        optimised.opset_import.append(onnx.helper.make_opsetid(_FUSED_DOMAIN, 1))
    return optimised


def _quantised(graph: onnx.ModelProto) -> bytes:
    """Return the graph with int8 products.

    Weights have one scale a channel and 7 bits: with 8, the sums of AVX2 without VNNI overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - only when a graph is made

    with tempfile.TemporaryDirectory(prefix="contento-onnx-") as folder:
        out = Path(folder, "int8.onnx")
        quantize_dynamic(
            graph,
            out,
            op_types_to_quantize=["MatMul", "Attention"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            # The fused operators are ONNX Runtime's own, whose types shape inference does not know.
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return out.read_bytes()


def _check(content: bytes, model: Any, directory: Path, *, least: float) -> None:
    """Compare with torch at other shapes than the traced one: a trace may have taken a shape for a constant."""
    session = session_of(content, threads=1)
    rng = np.random.default_rng(0)
    for texts, tokens in ((3, 33), (1, 4)):
        ids = torch.from_numpy(rng.integers(5, model.config.vocab_size, (texts, tokens)))
        mask = torch.ones_like(ids)
        mask[1:, tokens // 2 :] = 0
        with torch.inference_mode():
            expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = run(session, ids, mask)
        read = mask.bool()
        cosine = float(torch.nn.functional.cosine_similarity(found[read], expected[read]).min())
        if not cosine >= least:
            raise EncoderError(
                f"the ONNX graph of the encoder in {directory} ({type(model).__name__}) answers otherwise than torch "
                f"(cosine {cosine:.5f}, expected at least {least:g}): set CONTENTO_ENCODER_ARITHMETIC=float32"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep exporter and quantiser from warning about their own inner workings, and from setting up logging."""
    root = logging.getLogger()
    silent = logging.NullHandler()
    level = logging.root.manager.disable
    root.addHandler(silent)  # without any handler, `logging.warning` installs one for good
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        root.removeHandler(silent)
