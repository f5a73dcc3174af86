"""Text embeddings: each text is encoded once, then read from memory or the store."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contento.inference.base import Inference
from contento.model.interface import Arm
from contento.scoring.core.rows import Text
from contento.scoring.ports import EmbeddingSource
from contento.state.base import StateStore


class EmbeddingMetrics(Protocol):
    """The part of `ScorerMetrics` that concerns embeddings."""

    def embeddings(self, source: EmbeddingSource, count: int) -> None:
        """Count embeddings by where they came from."""
        ...


class Embeddings:
    """A cache in front of the encoder: first this process's memory, then the state store.

    Values are float16 wherever they come from, so that a hit and a miss give the same score.
    """

    def __init__(self, store: StateStore, inference: Inference, metrics: EmbeddingMetrics, *, kept: int) -> None:
        """Take the parts and how many embeddings to keep in memory (768 bytes each at 384 dimensions)."""
        self._store, self._inference, self._metrics = store, inference, metrics
        self._kept = kept
        self._memory: OrderedDict[tuple[str, str], NDArray[np.float16]] = OrderedDict()

    async def get(
        self, texts: Sequence[Text], arms: Sequence[Arm], encoders: Sequence[str]
    ) -> dict[tuple[str, str], NDArray[np.float16]]:
        """Return the embedding of each text that is not empty, by encoder and text key.

        Args:
            texts: The texts.
            arms: The arm that each is encoded for.
            encoders: Hash of that arm's encoder.
        """
        found: dict[tuple[str, str], NDArray[np.float16]] = {}
        missing: dict[tuple[str, str], tuple[str, Arm]] = {}
        for text, arm, encoder in zip(texts, arms, encoders, strict=True):
            name = (encoder, text.key)
            if not text.key or name in found:
                continue
            cached = self._memory.get(name)
            if cached is None:
                missing[name] = (text.text, arm)
            else:
                self._memory.move_to_end(name)
                found[name] = cached
        self._metrics.embeddings("memory", len(found))
        for encoder in {name[0] for name in missing}:
            found |= await self._load(encoder, {n: m for n, m in missing.items() if n[0] == encoder})
        return found

    async def _load(
        self, encoder: str, missing: dict[tuple[str, str], tuple[str, Arm]]
    ) -> dict[tuple[str, str], NDArray[np.float16]]:
        names = list(missing)
        stored = await self._store.embeddings(encoder, [key for _, key in names])
        found = {name: value for name, value in zip(names, stored, strict=True) if value is not None}
        self._metrics.embeddings("redis", len(found))
        absent = [name for name in names if name not in found]
        if absent:
            # All of one encoder: the arm only tells the model which bundle's encoder is meant.
            arm = missing[absent[0]][1]
            answer = await self._inference.encode([missing[name][0] for name in absent], arm)
            self._metrics.embeddings("encoder", len(absent))
            encoded = {
                (made_by, name[1]): vector
                for name, vector, made_by in zip(
                    absent, answer.embedding.astype(np.float16), answer.encoder.tolist(), strict=True
                )
            }
            for made_by in {name[0] for name in encoded}:
                await self._store.store_embeddings(made_by, {k: v for (e, k), v in encoded.items() if e == made_by})
            found |= encoded
        self._keep(found)
        return found

    def _keep(self, found: dict[tuple[str, str], NDArray[np.float16]]) -> None:
        self._memory.update(found)
        while len(self._memory) > self._kept:
            self._memory.popitem(last=False)
