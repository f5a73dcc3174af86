"""The text encoder: any Hugging Face encoder, with LoRA adapters, in an arithmetic of the machine's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoTokenizer

from contento.model.arithmetic import Arithmetic
from contento.model.config import Pooling
from contento.model.encoder_identity import (
    ADAPTER_FILES,
    EncoderError,
    adapter_identity,
    base_identity,
    encoder_directory,
    encoder_hash,
)
from contento.model.encoder_torch import TorchEncoder, new_adapter

__all__ = [
    "ADAPTER_FILES",
    "BATCH",
    "EncoderError",
    "TextEncoder",
    "adapter_identity",
    "base_identity",
    "encoder_directory",
    "encoder_hash",
    "load_tokenizer",
    "new_adapter",
    "pool",
]

BATCH: Final = 32
"""Texts worth giving at once."""
CPU_TOKENS: Final = 1024
"""Tokens in one forward pass on a CPU: they keep it busy, and more only pad more."""
GPU_TOKENS: Final = 256 * 128
"""Tokens in one forward pass on a GPU: fewer leave most of it idle."""


class Backend(Protocol):
    """What turns tokens into hidden states, in one arithmetic. Used by one thread at a time, but for int8 `hidden`."""

    def add_adapter(self, name: str, adapter: Path) -> None:
        """Make a LoRA adapter ready under a new name."""
        ...

    def hidden(self, ids: torch.Tensor, mask: torch.Tensor, adapter: str) -> torch.Tensor:
        """Return hidden states `[N, L, D]` float32 for tokens and their mask, int64 `[N, L]`.

        `adapter` is a name that was added; empty: the base as it is.
        """
        ...


def load_tokenizer(reference: str) -> Any:
    """Return the tokenizer of an encoder reference.

    Raises:
        EncoderError: There is none.
    """
    directory = encoder_directory(reference)
    try:
        return AutoTokenizer.from_pretrained(directory, local_files_only=True)
    except (OSError, ValueError) as error:
        raise EncoderError(f"the tokenizer in {directory} cannot be read ({error}): install it again") from error


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
    """One base in one arithmetic, with any number of named LoRA adapters. Used by one thread at a time."""

    def __init__(
        self,
        reference: str,
        *,
        layers: int = 0,
        arithmetic: Arithmetic = "float32",
        device: str = "cpu",
        cache: Path | None = None,
    ) -> None:
        """Load the base.

        Args:
            reference: As in `EncoderConfig`.
            layers: As in `EncoderConfig`.
            arithmetic: One that `contento.model.arithmetic.possible` names for the device.
            device: As torch names it.
            cache: Directory where ONNX graphs are kept between starts; `None`: each start makes its own.

        Raises:
            EncoderError: The encoder cannot be found or read, or does not have so many layers.
        """
        directory = encoder_directory(reference)
        self._tokenizer = load_tokenizer(reference)
        self.dimension: int = _configuration(directory).hidden_size
        self.device = device
        self.arithmetic = arithmetic
        self.adapters: set[str] = set()
        self._backend = _backend(directory, layers=layers, arithmetic=arithmetic, device=device, cache=cache)
        # A single text keeps no second thread busy, so in int8 each thread has a text of its own.
        threads = torch.get_num_threads() if arithmetic == "int8" else 1
        self._in_turn: Callable[..., Iterable[None]] = map if threads == 1 else ThreadPoolExecutor(threads).map

    @staticmethod
    def layers_of(reference: str) -> int:
        """Return how many transformer layers an encoder has."""
        layers: int = _configuration(encoder_directory(reference)).num_hidden_layers
        return layers

    def add_adapter(self, name: str, adapter: Path) -> None:
        """Load a LoRA adapter beside those that are there, under a name."""
        if name not in self.adapters:
            self._backend.add_adapter(name, adapter)
            self.adapters.add(name)

    @torch.inference_mode()
    def encode(
        self,
        texts: Sequence[str],
        *,
        max_length: int = 128,
        pooling: Pooling = "mean",
        adapter: str = "",
        tokens: int | None = None,
    ) -> NDArray[np.float32]:
        """Return unit-length embeddings `[len(texts), dimension]`; texts of like length share a pass.

        That of a text does not depend on the others, but for the last bits of its products' sums.

        Args:
            texts: Any texts; the empty one has an embedding too.
            max_length: Tokens that are read.
            pooling: As in `EncoderConfig`.
            adapter: Name of the adapter to use; empty: the base as it is.
            tokens: In one pass, padding included; as many as suit the device if not given.
        """
        embeddings = np.zeros((len(texts), self.dimension), np.float32)
        if not texts:
            return embeddings
        # Characters bound tokens: cutting first keeps a 10 MB text from being tokenized whole.
        ids: list[list[int]] = self._tokenizer(
            [text[: max_length * 32] for text in texts], truncation=True, max_length=max_length
        )["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: len(ids[row]))
        most = tokens or (GPU_TOKENS if self.device.startswith("cuda") else CPU_TOKENS)
        if self.arithmetic == "int8":
            most = 0  # one scale serves a whole pass: in company, a text's embedding would depend on its neighbours'

        def run(turn: slice) -> None:
            rows = order[turn]
            padded = self._tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
            padded = padded.to(self.device)
            hidden = self._backend.hidden(padded["input_ids"], padded["attention_mask"], adapter)
            embeddings[rows] = pool(hidden, padded["attention_mask"], pooling).cpu().numpy()

        for _ in self._in_turn(run, passes([len(ids[row]) for row in order], most)):
            pass
        return embeddings

    def embed(self, ids: torch.Tensor, mask: torch.Tensor, pooling: Pooling, adapter: str = "") -> torch.Tensor:
        """Return unit-length embeddings `[N, dimension]` of token ids `[N, L]`; gradients flow.

        Args:
            ids: Padded token ids.
            mask: 1 where there is a token, 0 where it is padding; `[N, L]`.
            pooling: As in `EncoderConfig`.
            adapter: As in `encode`.

        Raises:
            EncoderError: Its arithmetic is not torch's.
        """
        hidden = self._torch.states(ids, mask, adapter)
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

    @property
    def model(self) -> Any:
        """The Hugging Face model, or its PEFT wrapping.

        Raises:
            EncoderError: Its arithmetic is not torch's.
        """
        return self._torch.model

    @property
    def _torch(self) -> TorchEncoder:
        if not isinstance(self._backend, TorchEncoder):
            raise EncoderError(f"an encoder in {self.arithmetic} has no gradients: open it in float32")
        return self._backend


def passes(lengths: Sequence[int], most: int) -> Iterator[slice]:
    """Return the texts of each pass: at most so many tokens, padding included, or a single text.

    Args:
        lengths: Tokens of each text, the shortest first.
        most: Tokens of a pass.
    """
    start = 0
    for place, length in enumerate(lengths):
        if place > start and (place - start + 1) * length > most:
            yield slice(start, place)
            start = place
    yield slice(start, len(lengths))


def _configuration(directory: Path) -> Any:
    try:
        return AutoConfig.from_pretrained(directory, local_files_only=True)
    except (OSError, ValueError) as error:
        raise EncoderError(f"the encoder in {directory} cannot be read ({error}): install it again") from error


def _backend(directory: Path, *, layers: int, arithmetic: Arithmetic, device: str, cache: Path | None) -> Backend:
    if arithmetic in ("onnx", "int8"):
        from contento.model.encoder_onnx import OnnxEncoder  # noqa: PLC0415 - a machine uses one of the two

        return OnnxEncoder(directory, layers=layers, quantised=arithmetic == "int8", cache=cache)
    return TorchEncoder(directory, layers=layers, dtype=getattr(torch, arithmetic), device=device)


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Return unit-length embeddings `[N, D]` from hidden states `[N, L, D]` and their mask `[N, L]`."""
    if pooling == "first":
        pooled = hidden[:, 0]
    else:
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weight).sum(1) / weight.sum(1)
    return torch.nn.functional.normalize(pooled, dim=-1)
