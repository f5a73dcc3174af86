"""The model behind a Triton server."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import aio as triton
from tritonclient.utils import InferenceServerException

from contento.contracts.errors import ContentoError
from contento.inference.base import InferenceUnavailable, LiveBundle
from contento.inference.live import from_text
from contento.inference.triton.wire import (
    ENCODER,
    ENCODER_INPUTS,
    ENCODER_OUTPUTS,
    LIVE,
    SCORER,
    SCORER_INPUTS,
    SCORER_OUTPUTS,
    SCORER_ROWS,
    Shapes,
    input_arrays,
    read_encoded,
    read_outputs,
    strings,
)
from contento.model.interface import Arm, EncoderOutputs, ScorerInputs, ScorerOutputs
from contento.model.rows import check_rows, empty_rows, join_encoded, join_outputs, select, take_outputs

SCORE_TIMEOUT_S: Final = 10.0
"""256 rows take some 15 ms on one core, so this is hundreds of batches waiting."""
ENCODE_TIMEOUT_S: Final = 60.0
"""32 texts of 128 tokens take about a second on two cores; this allows for a queue of dozens."""
ENCODE_TEXTS: Final = 32
"""Texts of one request: texts of like length share one, so that little is padded."""
ENCODE_REQUESTS: Final = 2
"""Requests to the encoder under way: one runs, the next waits beside it."""
MOST_CHARACTERS: Final = 1 << 16
"""Sent of a text: no encoder reads more than 2,048 tokens, at most 32 characters each."""
_NEVER: Final = frozenset({"StatusCode.INVALID_ARGUMENT", "StatusCode.UNIMPLEMENTED"})


class InferenceRefused(ContentoError):
    """The server will never answer this request."""


class TritonInference:
    """Calls `contento_encoder` and `contento_scorer` by gRPC.

    Follows `contento.inference.base.Inference`. Repeats no call by itself: who called knows whether
    there is time to.
    """

    kind: Literal["triton", "in-process"] = "triton"

    def __init__(
        self,
        address: str,
        *,
        score_timeout_s: float = SCORE_TIMEOUT_S,
        encode_timeout_s: float = ENCODE_TIMEOUT_S,
    ) -> None:
        """Take the server's gRPC address, `host:port`; connects at the first call, inside an event loop."""
        self.address = address
        self._score_timeout_s = score_timeout_s
        self._encode_timeout_s = encode_timeout_s
        self._connection: Any = None
        self._encoding = asyncio.Semaphore(ENCODE_REQUESTS)

    async def live(self) -> dict[Arm, LiveBundle]:
        """Return the bundle of each arm: one row without input is scored, which says what is live."""
        arrays = input_arrays(empty_rows(1, text_dimension=1))
        answer = await self._infer(SCORER, SCORER_INPUTS, arrays, [LIVE], self._score_timeout_s)
        return from_text(answer[LIVE][0, 0])

    async def encode(self, texts: Sequence[str], arm: Arm) -> EncoderOutputs:
        """Embed texts with the encoder of an arm's bundle."""
        cut = [text[:MOST_CHARACTERS] for text in texts] or [""]
        order = sorted(range(len(cut)), key=lambda row: len(cut[row]))
        turns = [order[start : start + ENCODE_TEXTS] for start in range(0, len(order), ENCODE_TEXTS)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._encode([cut[row] for row in turn], arm)) for turn in turns]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        encoded = join_encoded([task.result() for task in tasks], order)
        rows = len(texts)
        return EncoderOutputs(embedding=encoded.embedding[:rows], encoder=encoded.encoder[:rows])

    async def score(self, inputs: ScorerInputs) -> ScorerOutputs:
        """Score rows.

        Raises:
            RowsError: An array does not have the interface's shape.
            InferenceUnavailable: As `Inference`.
        """
        check_rows(inputs)
        rows = len(inputs.arm)
        asked = inputs if rows else empty_rows(1, text_dimension=1)
        starts = range(0, max(rows, 1), SCORER_ROWS)
        parts = [await self._score(select(asked, slice(start, start + SCORER_ROWS))) for start in starts]
        return join_outputs(parts) if rows else take_outputs(parts[0], slice(0))

    async def close(self) -> None:
        """Close the connection; idempotent."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _score(self, inputs: ScorerInputs) -> ScorerOutputs:
        arrays = input_arrays(inputs)
        return read_outputs(await self._infer(SCORER, SCORER_INPUTS, arrays, _ANSWERS, self._score_timeout_s))

    async def _encode(self, texts: list[str], arm: Arm) -> EncoderOutputs:
        arrays = {
            "TEXT": strings(np.array(texts, np.object_)),
            "ARM": strings(np.full(len(texts), arm, np.object_)),
        }
        async with self._encoding:
            return read_encoded(
                await self._infer(ENCODER, ENCODER_INPUTS, arrays, list(ENCODER_OUTPUTS), self._encode_timeout_s)
            )

    async def _infer(
        self, model: str, shapes: Shapes, arrays: Mapping[str, NDArray[Any]], outputs: Sequence[str], timeout_s: float
    ) -> dict[str, NDArray[Any]]:
        inputs = []
        for name, array in arrays.items():
            tensor = triton.InferInput(name, list(array.shape), shapes[name][0].replace("STRING", "BYTES"))
            tensor.set_data_from_numpy(array)
            inputs.append(tensor)
        wanted = [triton.InferRequestedOutput(name) for name in outputs]
        if self._connection is None:
            # A server that comes back is found within a second; gRPC's own pause grows to two minutes.
            options = [*_UNLIMITED, ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000)]
            self._connection = triton.InferenceServerClient(self.address, channel_args=options)
        try:
            result = await self._connection.infer(model, inputs, outputs=wanted, client_timeout=timeout_s)
        except InferenceServerException as error:
            raise self._explained(error, model, timeout_s) from error
        return {name: result.as_numpy(name) for name in outputs}

    def _explained(self, error: InferenceServerException, model: str, timeout_s: float) -> ContentoError:
        status, said = error.status() or "", error.message() or "no reason given"
        if status in _NEVER:
            return InferenceRefused(
                f"Triton at {self.address} refuses the request to {model} ({said}): mend the request"
            )
        if status == "StatusCode.DEADLINE_EXCEEDED":
            return InferenceUnavailable(
                f"{model} on Triton at {self.address} did not answer within {timeout_s:g} s: see whether the server is "
                "overloaded, and give it more instances or a GPU"
            )
        if status in ("StatusCode.NOT_FOUND", "StatusCode.UNAVAILABLE") and model in said:
            return InferenceUnavailable(
                f"{model} on Triton at {self.address} is not ready ({said}): wait until it has loaded, or see the "
                "server's log for why it does not load"
            )
        if status == "StatusCode.UNAVAILABLE":
            return InferenceUnavailable(
                f"Triton at {self.address} cannot be reached ({said}): start it there, or give its gRPC address"
            )
        return InferenceUnavailable(f"{model} on Triton at {self.address} failed ({said}): see the server's log")


_ANSWERS: Final = [name for name in SCORER_OUTPUTS if name != LIVE]
_UNLIMITED: Final = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
