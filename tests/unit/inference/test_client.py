"""The Triton client against servers that fail."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from contento.inference.base import InferenceUnavailable
from contento.inference.triton.client import ENCODE_TEXTS, InferenceRefused, TritonInference
from contento.model.rows import empty_rows

Handler = Callable[[object, grpc.aio.ServicerContext], Awaitable[object]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """A server whose `ModelInfer` is the handler."""

    class Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
        async def ModelInfer(self, request: object, context: grpc.aio.ServicerContext) -> object:  # noqa: N802
            return await handler(request, context)

    running = grpc.aio.server()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Servicer(), running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await running.stop(None)


async def test_no_server_is_unavailable_and_says_where() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    inference = TritonInference(address)
    for call in (
        inference.live(),
        inference.score(empty_rows(1, text_dimension=4)),
        inference.encode(["a"], "serving"),
    ):
        with pytest.raises(InferenceUnavailable, match=rf"Triton at {address} cannot be reached .*: start it there"):
            await call
    await inference.close()
    await inference.close()


@pytest.mark.parametrize(
    ("status", "said", "kind", "message"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "bad shape", InferenceRefused, "bad shape.*mend the request"),
        (
            grpc.StatusCode.UNAVAILABLE,
            "model 'contento_scorer' is not ready",
            InferenceUnavailable,
            "is not ready.*wait",
        ),
        (grpc.StatusCode.NOT_FOUND, "unknown model: 'contento_scorer'", InferenceUnavailable, "is not ready.*wait"),
        (grpc.StatusCode.INTERNAL, "stub process died", InferenceUnavailable, "failed .stub process died.*log"),
    ],
)
async def test_what_the_server_says_is_passed_on(
    status: grpc.StatusCode, said: str, kind: type[Exception], message: str
) -> None:
    calls = 0

    async def refuse(request: object, context: grpc.aio.ServicerContext) -> object:
        nonlocal calls
        calls += 1
        raise AssertionError(await context.abort(status, said))

    async with server(refuse) as address:
        inference = TritonInference(address)
        with pytest.raises(kind, match=message):
            await inference.score(empty_rows(1, text_dimension=4))
        await inference.close()
    assert calls == 1, "nothing is repeated"


async def test_a_slow_server_is_not_waited_for() -> None:
    async def sleep(request: object, context: grpc.aio.ServicerContext) -> object:
        await asyncio.sleep(30)
        return service_pb2.ModelInferResponse()

    async with server(sleep) as address:
        inference = TritonInference(address, score_timeout_s=0.2)
        with pytest.raises(InferenceUnavailable, match=r"did not answer within 0\.2 s: see whether"):
            await inference.live()
        await inference.close()


async def test_texts_are_sent_in_bounded_parts_of_like_length_and_come_back_in_order() -> None:
    sent: list[list[str]] = []
    under_way = most = 0

    async def encode(request: service_pb2.ModelInferRequest, context: grpc.aio.ServicerContext) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        raw, texts, start = request.raw_input_contents[0], [], 0
        while start < len(raw):
            size = int.from_bytes(raw[start : start + 4], "little")
            texts.append(raw[start + 4 : start + 4 + size].decode())
            start += 4 + size
        sent.append(texts)
        response = service_pb2.ModelInferResponse()
        embedding = np.array([[len(text)] for text in texts], np.float32)
        names = b"".join((1).to_bytes(4, "little") + b"h" for _ in texts)
        for name, datatype, shape, content in (
            ("EMBEDDING", "FP32", [len(texts), 1], embedding.tobytes()),
            ("ENCODER", "BYTES", [len(texts), 1], names),
        ):
            response.outputs.add(name=name, datatype=datatype, shape=shape)
            response.raw_output_contents.append(content)
        under_way -= 1
        return response

    texts = ["x" * ((37 * number) % 200) for number in range(150)]
    async with server(encode) as address:
        inference = TritonInference(address)
        outputs = await inference.encode(texts, "serving")
        await inference.close()
    assert outputs.embedding[:, 0].tolist() == [len(text) for text in texts]
    assert set(outputs.encoder) == {"h"}
    assert most == 2
    assert sorted(len(part) for part in sent) == [150 % ENCODE_TEXTS] + [ENCODE_TEXTS] * (150 // ENCODE_TEXTS)
    spans = sorted((min(map(len, part)), max(map(len, part))) for part in sent)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
