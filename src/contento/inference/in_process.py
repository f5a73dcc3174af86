"""The model in this very process: for tests, replay, and platforms without a Triton binary."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from contento.inference.base import InferenceUnavailable, LiveBundle
from contento.inference.live import live_bundles
from contento.model.arithmetic import ArithmeticSetting
from contento.model.interface import Arm, EncoderOutputs, ScorerInputs, ScorerOutputs
from contento.model.rows import join_encoded
from contento.model.serving import LiveBundles

T = TypeVar("T")
ENCODE_TEXTS: Final = 32
"""Texts in one turn of the thread: some 100 ms on two cores, and a score waits no longer than that."""


class InProcessInference:
    """Runs the live bundles in one worker thread, so that the event loop stays free.

    Follows `contento.inference.base.Inference`.
    """

    kind: Literal["triton", "in-process"] = "in-process"

    def __init__(self, bundles: LiveBundles) -> None:
        """Take loaded bundles; from now on only the worker thread touches them."""
        self._bundles = bundles
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="contento-model")
        self._closed = False

    @classmethod
    async def open(
        cls,
        store: Path,
        *,
        device: str = "auto",
        arithmetic: ArithmeticSetting = "auto",
        cache: Path | None = None,
    ) -> "InProcessInference":
        """Load the live bundles of a store; takes seconds, during which the event loop is free.

        The arguments are those of `LiveBundles.open`.

        Raises:
            ContentoError: As `LiveBundles.open`.
        """
        return cls(
            await asyncio.to_thread(lambda: LiveBundles.open(store, device=device, arithmetic=arithmetic, cache=cache))
        )

    async def live(self) -> dict[Arm, LiveBundle]:
        """Return the bundle of each arm."""
        return live_bundles(self._bundles)

    async def encode(self, texts: Sequence[str], arm: Arm) -> EncoderOutputs:
        """Embed texts with the encoder of an arm's bundle."""
        texts = list(texts)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        turns = [order[start : start + ENCODE_TEXTS] for start in range(0, len(order), ENCODE_TEXTS)] or [order]
        parts = [await self._run(partial(self._encode, [texts[row] for row in turn], arm)) for turn in turns]
        return join_encoded(parts, order)

    async def score(self, inputs: ScorerInputs) -> ScorerOutputs:
        """Score rows."""
        return await self._run(lambda: self._bundles.score(inputs))

    async def close(self) -> None:
        """Let the thread finish what it has and end; idempotent."""
        self._closed = True
        await asyncio.to_thread(lambda: self._thread.shutdown(wait=True, cancel_futures=True))

    def _encode(self, texts: list[str], arm: Arm) -> EncoderOutputs:
        return self._bundles.encode(texts, [arm] * len(texts))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise InferenceUnavailable("the in-process model was closed: open it again")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
