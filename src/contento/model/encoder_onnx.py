"""The encoder in ONNX Runtime: a graph for the base and one for each adapter, kept between starts."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Final

import torch

from contento.model.encoder_identity import adapter_identity, base_identity
from contento.model.onnx_graph import build_graph, run, session_of

_DIGEST_BYTES: Final = 32
_GRAPH_FORMAT: Final = 1
"""To be raised whenever the same encoder gets another graph."""


class OnnxEncoder:
    """Hidden states from ONNX Runtime; follows `contento.model.encoder.Backend`.

    In float32 a pass runs with as many threads as torch has when it is made; quantised with one, but several passes
    may run at once.
    """

    def __init__(self, directory: Path, *, layers: int, quantised: bool, cache: Path | None) -> None:
        """Take the base; its graph is made when it is first used, for with an adapter it may never be."""
        self._directory = directory
        self._layers = layers
        self._quantised = quantised
        self._cache = cache
        self._threads = 1 if quantised else torch.get_num_threads()
        self._sessions: dict[str, Any] = {}
        self._making = Lock()

    def add_adapter(self, name: str, adapter: Path) -> None:
        """Make the graph of base and LoRA adapter ready under a new name; it shares no weights with the base's."""
        self._sessions[name] = self._session(adapter)

    def hidden(self, ids: torch.Tensor, mask: torch.Tensor, adapter: str) -> torch.Tensor:
        """Return hidden states `[N, L, D]` float32."""
        with self._making:
            if not adapter and "" not in self._sessions:
                self._sessions[""] = self._session(None)
        return run(self._sessions[adapter], ids, mask)

    def _session(self, adapter: Path | None) -> Any:
        parts = {
            "format": _GRAPH_FORMAT,
            "base": base_identity(self._directory),
            "adapter": adapter_identity(adapter) if adapter else "",
            "layers": self._layers,
            "quantised": self._quantised,
            "versions": [torch.__version__, *(version(name) for name in ("onnxruntime", "peft", "transformers"))],
        }
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        content = kept(
            self._cache,
            f"{key}.onnx",
            lambda: build_graph(self._directory, layers=self._layers, adapter=adapter, quantised=self._quantised),
        )
        return session_of(content, threads=self._threads)


def kept(cache: Path | None, name: str, make: Callable[[], bytes]) -> bytes:
    """Return content from the cache, or make it and keep it there.

    A file is its content and then the SHA-256 of that: one that is damaged is made again. It
    appears whole or not at all, so processes that start at once at worst make it twice. A cache
    that cannot be written, as in a container without a home, keeps nothing.

    Args:
        cache: Its directory; `None`: none. Whoever can write there decides what is run, so only
            one that belongs to this user is read.
        name: Of the file.
        make: Makes the content.
    """
    if cache is None:
        return make()
    try:
        cache = cache.expanduser()
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        if cache.stat().st_uid != os.getuid():
            return make()
    except (OSError, RuntimeError):  # the latter: a user without a home
        return make()
    file = cache / name
    try:
        whole = file.read_bytes()
    except OSError:
        whole = b""
    content, digest = whole[:-_DIGEST_BYTES], whole[-_DIGEST_BYTES:]
    if whole and hashlib.sha256(content).digest() == digest:
        return content
    content = make()
    _write(file, content + hashlib.sha256(content).digest())
    return content


def _write(file: Path, content: bytes) -> None:
    try:
        with tempfile.NamedTemporaryFile(prefix=".new-", dir=file.parent, delete=False) as new:
            try:
                new.write(content)
                new.flush()
                Path(new.name).replace(file)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise
    except OSError:
        return  # a full or read-only disk costs the next start a few seconds, and this one nothing
