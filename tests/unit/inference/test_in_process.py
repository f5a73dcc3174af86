import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from contento.inference.base import InferenceUnavailable
from contento.inference.in_process import InProcessInference
from contento.model.rows import RowsError, empty_rows
from contento.model.store import default_store


@pytest.fixture
async def inference(random_store: Path) -> AsyncIterator[InProcessInference]:
    opened = await InProcessInference.open(random_store, device="cpu", arithmetic="float32")
    yield opened
    await opened.close()


async def test_concurrent_calls_are_all_answered(inference: InProcessInference) -> None:
    texts = [f"text {number}" for number in range(40)]
    scored, encoded, live = await asyncio.gather(
        asyncio.gather(*(inference.score(empty_rows(5, text_dimension=384)) for _ in range(8))),
        inference.encode(texts, "candidate"),
        inference.live(),
    )
    assert all(np.array_equal(each.rating, scored[0].rating) for each in scored)
    alone = await inference.encode([texts[7]], "candidate")
    np.testing.assert_allclose(encoded.embedding[7], alone.embedding[0], atol=1e-5)
    assert encoded.encoder.tolist() == [live["candidate"].encoder] * 40
    assert live["candidate"].encoder != live["serving"].encoder


async def test_the_event_loop_stays_free(inference: InProcessInference) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    started = time.monotonic()
    await inference.encode(["a longer text " * 20] * 16, "serving")
    took = time.monotonic() - started
    ticking.cancel()
    assert ticks >= min(5, took / 0.05), (ticks, took)


async def test_a_closed_model_is_unavailable_and_wrong_rows_are_refused(random_store: Path) -> None:
    inference = await InProcessInference.open(random_store, device="cpu", arithmetic="float32")
    rows = empty_rows(2, text_dimension=384)
    with pytest.raises(RowsError, match="present is"):
        await inference.score(
            type(rows)(**{name: getattr(rows, name) for name in rows.__slots__} | {"present": rows.text})
        )
    await inference.close()
    await inference.close()
    with pytest.raises(InferenceUnavailable, match="closed: open it again"):
        await inference.score(rows)


async def test_the_shipped_bundle_tells_praise_from_complaint() -> None:
    inference = await InProcessInference.open(default_store(), device="cpu", arithmetic="float32")
    texts = ["Broken after a day. Terrible, I want my money back.", "Wonderful! Works perfectly, I love it."]
    encoded = await inference.encode(texts, "serving")
    rows = empty_rows(2, text_dimension=384)
    rows.text[:] = encoded.embedding
    rows.encoder[:] = encoded.encoder
    rows.present[:, 0] = True
    outputs = await inference.score(rows)
    await inference.close()
    mean = outputs.rating @ np.arange(1, 6)
    assert mean[1] > mean[0] + 1
    assert outputs.satisfaction[1, 2] > outputs.satisfaction[0, 2]
    assert outputs.towers.tolist() == [[1, 0, 0, 0]] * 2
