"""The encoder in torch: base weights, resident once, with any number of LoRA adapters over them."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, Literal

import torch
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from contento.model.config import EncoderConfig
from contento.model.encoder_identity import EncoderError, encoder_directory

_LAYERS: Final = ("encoder.layer", "transformer.layer")
"""Where BERT, MiniLM and RoBERTa, and where DistilBERT keep their transformer layers."""


def load_base(
    directory: Path,
    *,
    layers: int = 0,
    dtype: torch.dtype = torch.float32,
    attention: Literal["sdpa", "eager"] = "sdpa",
    config: Any = None,
) -> Any:
    """Return a base in evaluation mode, with only its first layers if `layers` is not 0.

    Raises:
        EncoderError: It cannot be read, or does not have so many layers.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a blink, and a service has no terminal
    try:
        base: Any = AutoModel.from_pretrained(
            directory,
            local_files_only=True,
            use_safetensors=True,
            dtype=dtype,
            attn_implementation=attention,
            config=config,
        )
    except (OSError, ValueError) as error:
        raise EncoderError(f"the encoder in {directory} cannot be read ({error}): install it again") from error
    if layers:
        _shorten(base, layers, directory)
    return base.eval()


def layers_of(base: Any, directory: Path) -> torch.nn.ModuleList:
    """Return a base's transformer layers, first to last.

    Raises:
        EncoderError: They are in none of the usual places.
    """
    for place in _LAYERS:
        try:
            found = base.get_submodule(place)
        except AttributeError:
            continue
        if isinstance(found, torch.nn.ModuleList):
            return found
    raise EncoderError(
        f"the encoder in {directory} ({type(base).__name__}) has its layers neither in {' nor in '.join(_LAYERS)}, "
        "so it can neither be shortened nor fine-tuned: set its layers to 0, or train with --no-tune-text"
    )


def _shorten(base: Any, layers: int, directory: Path) -> None:
    found = layers_of(base, directory)
    if not 1 <= layers <= len(found):
        raise EncoderError(
            f"the encoder in {directory} has {len(found)} layers, so its first {layers} cannot be run: "
            f"give 1 to {len(found)}, or 0 for all"
        )
    del found[layers:]
    base.config.num_hidden_layers = layers


def new_adapter(config: EncoderConfig, out: Path, *, seed: int, rank: int = 8) -> None:
    """Write a LoRA adapter with random weights on queries and values, to start training from, in PEFT's format.

    Its two factors are both random, so it changes the embeddings from the start.
    """
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - takes a second; most bundles have no adapter

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        base = load_base(encoder_directory(config.reference), layers=config.layers)
        lora = LoraConfig(r=rank, target_modules=["query", "value"], init_lora_weights=False)
        get_peft_model(base, lora).save_pretrained(str(out), safe_serialization=True)


class TorchEncoder:
    """Hidden states from torch; follows `contento.model.encoder.Backend`."""

    def __init__(self, directory: Path, *, layers: int, dtype: torch.dtype, device: str) -> None:
        """Load the base; raises `EncoderError` as `load_base`."""
        self.model: Any = load_base(directory, layers=layers, dtype=dtype).to(device)
        self.device = device
        self._adapted = False

    def add_adapter(self, name: str, adapter: Path) -> None:
        """Load a LoRA adapter beside those that are there, under a new name."""
        from peft import PeftModel  # noqa: PLC0415 - takes a second; most bundles have no adapter

        if self._adapted:
            self.model.load_adapter(str(adapter), adapter_name=name)
        else:
            self.model = PeftModel.from_pretrained(self.model, str(adapter), adapter_name=name)
            self._adapted = True
        self.model.eval()

    @torch.inference_mode()
    def hidden(self, ids: torch.Tensor, mask: torch.Tensor, adapter: str) -> torch.Tensor:
        """Return hidden states `[N, L, D]` float32 on the device."""
        return self.states(ids, mask, adapter)

    def states(self, ids: torch.Tensor, mask: torch.Tensor, adapter: str) -> torch.Tensor:
        """Return the same; gradients flow."""
        unadapted = nullcontext()
        if adapter:
            self.model.set_adapter(adapter)
        elif self._adapted:
            unadapted = self.model.disable_adapter()
        with unadapted:
            hidden: torch.Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden.float()
