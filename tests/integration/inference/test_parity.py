"""Triton and the in-process twin give the same numbers."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from contento.contracts.errors import ContentoError
from contento.inference.in_process import InProcessInference
from contento.inference.triton.client import InferenceRefused, TritonInference
from contento.inference.triton.wire import SCORER_ROWS
from contento.model.interface import FACTOR_VALUES, HISTORY_LENGTH, HISTORY_VALUES, TOWERS, ScorerInputs, ScorerOutputs
from contento.model.rows import RowsError, empty_rows, select
from contento.model.store import read_live

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(240)]

COMBINATIONS = list(itertools.product((False, True), repeat=len(TOWERS)))


@pytest.fixture
async def triton(triton_address: str) -> AsyncIterator[TritonInference]:
    inference = TritonInference(triton_address)
    yield inference
    await inference.close()


@pytest.fixture
async def twin(random_store: Path, onnx_cache: Path) -> AsyncIterator[InProcessInference]:
    inference = await InProcessInference.open(random_store, device="cpu", arithmetic="onnx", cache=onnx_cache)
    yield inference
    await inference.close()


async def rows_of(twin: InProcessInference, rows: int, *, image: bool = True) -> ScorerInputs:
    """Random rows with every combination of towers, arms in turn, and an arm that nobody has."""
    rng = np.random.default_rng(rows)
    arms = np.array(["serving", "candidate", "nobody's"], np.object_)[np.arange(rows) % 3]
    live = await twin.live()
    encoders = {arm: live["candidate" if arm == "candidate" else "serving"].encoder for arm in arms}
    lengths = rng.integers(1, HISTORY_LENGTH + 1, rows)
    present = np.array([COMBINATIONS[row % len(COMBINATIONS)] for row in range(rows)], np.bool_)
    return ScorerInputs(
        arm=arms,
        encoder=np.array([encoders[arm] for arm in arms], np.object_),
        text=rng.normal(size=(rows, 384)).astype(np.float32),
        image=rng.normal(size=(rows, 8)).astype(np.float32) if image else None,
        history_ids=rng.integers(0, 2**63 - 1, (rows, HISTORY_LENGTH, 2)),
        history_values=rng.normal(size=(rows, HISTORY_LENGTH, len(HISTORY_VALUES))).astype(np.float32),
        history_mask=np.arange(HISTORY_LENGTH) >= HISTORY_LENGTH - lengths[:, None],
        factors=rng.normal(size=(rows, FACTOR_VALUES)).astype(np.float32),
        present=present,
    )


def assert_same(one: ScorerOutputs, other: ScorerOutputs) -> None:
    for each in fields(ScorerOutputs):
        left, right = getattr(one, each.name), getattr(other, each.name)
        if each.name == "outcome_names":
            assert left == right
        elif left.dtype == np.object_:
            assert left.tolist() == right.tolist()
        else:
            np.testing.assert_allclose(left, right, rtol=0, atol=1e-5, err_msg=each.name)


async def test_scores_are_the_same_for_all_towers_and_arms(triton: TritonInference, twin: InProcessInference) -> None:
    rows = await rows_of(twin, 96)
    here, there = await twin.score(rows), await triton.score(rows)
    assert_same(here, there)
    assert here.rating.std(axis=0).min() > 0.01, "the rows differ, or the comparison says nothing"
    arms = read_live(twin._bundles.arms["serving"].path.parent)
    assert there.bundle.tolist() == [arms["candidate" if arm == "candidate" else "serving"] for arm in rows.arm]
    assert there.outcome_names == ("click", "purchase", "return")
    assert np.isnan(there.outcomes[rows.arm == "serving", 2]).all()


async def test_a_request_larger_than_the_models_batch_is_split(
    triton: TritonInference, twin: InProcessInference
) -> None:
    rows = await rows_of(twin, 2 * SCORER_ROWS + 7, image=False)
    assert_same(await twin.score(rows), await triton.score(rows))


async def test_a_row_does_not_depend_on_its_batch(triton: TritonInference, twin: InProcessInference) -> None:
    rows = await rows_of(twin, 24)
    together = await triton.score(rows)
    for row in (0, 7, 23):
        alone = await triton.score(select(rows, slice(row, row + 1)))
        np.testing.assert_allclose(alone.rating[0], together.rating[row], rtol=0, atol=1e-5)


async def test_no_rows_and_no_texts(triton: TritonInference, twin: InProcessInference) -> None:
    for inference in (triton, twin):
        scored = await inference.score(empty_rows(0, text_dimension=384))
        assert scored.rating.shape == (0, 5)
        encoded = await inference.encode([], "serving")
        assert encoded.embedding.shape == (0, 384)


async def test_embeddings_are_the_same_for_any_text_and_arm(triton: TritonInference, twin: InProcessInference) -> None:
    texts = [
        "",
        "été à l'eau 🙂",
        "good",
        "x" * 10_000_000,
        "word " * 4000,
        *(f"review {number}" for number in range(70)),
    ]
    for arm in ("serving", "candidate"):
        here, there = await twin.encode(texts, arm), await triton.encode(texts, arm)
        assert set(there.encoder.tolist()) == {(await twin.live())[arm].encoder}
        np.testing.assert_allclose(here.embedding, there.embedding, rtol=0, atol=1e-5)
        assert here.encoder.tolist() == there.encoder.tolist()
    serving, candidate = await triton.encode(["good"], "serving"), await triton.encode(["good"], "candidate")
    assert not np.allclose(serving.embedding, candidate.embedding, atol=1e-3), "the adapter changes nothing"


async def test_live_says_the_same(triton: TritonInference, twin: InProcessInference) -> None:
    live = await triton.live()
    assert live == await twin.live()
    assert live["serving"].image_dimension == 8
    assert live["candidate"].image_encoder == ""


async def test_wrong_rows_are_refused_exactly(triton: TritonInference, twin: InProcessInference) -> None:
    rows = await rows_of(twin, 2)
    wrong = replace(rows, factors=rows.factors[:, :3])
    for inference in (triton, twin):
        with pytest.raises(RowsError, match=r"factors is float32 \[2, 3\], expected float32 \[2, 36\]"):
            await inference.score(wrong)
    with pytest.raises(ContentoError) as refused:
        await triton._infer(
            "contento_encoder", {"TEXT": ("STRING", (1,))}, {"TEXT": np.array([[b"a"]], np.object_)}, [], 5
        )
    assert isinstance(refused.value, InferenceRefused)
