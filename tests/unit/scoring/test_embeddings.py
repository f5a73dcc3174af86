import numpy as np
import pytest
from unit.scoring.world import ArithmeticModel, CountingMetrics

from contento.model.interface import Arm, EncoderOutputs
from contento.scoring.core.rows import Text
from contento.scoring.embeddings import Embeddings
from contento.state.memory import MemoryStore


class Setting:
    """A cache over a store and a model, and what they were asked for."""

    def __init__(self, kept: int = 10) -> None:
        self.store, self.model, self.metrics = MemoryStore(half_life_ms=1.0), ArithmeticModel(), CountingMetrics()
        self.kept = kept
        self.cache = self.restarted()

    def restarted(self) -> Embeddings:
        self.cache = Embeddings(self.store, self.model, self.metrics, kept=self.kept)
        return self.cache

    async def get(self, *texts: str, encoder: str = "encoder-1") -> dict[tuple[str, str], list[float]]:
        wanted = [Text(text=text, key=text and f"key of {text}") for text in texts]
        found = await self.cache.get(wanted, ["serving"] * len(texts), [encoder] * len(texts))
        assert all(vector.dtype == np.float16 for vector in found.values())
        return {name: vector.tolist() for name, vector in found.items()}

    def sources(self) -> tuple[int, int, int]:
        counts = self.metrics.counts
        memory, redis, encoder = (counts[f"embedding {source}"] for source in ("memory", "redis", "encoder"))
        return memory, redis, encoder


async def test_a_text_is_encoded_once_then_remembered_then_read() -> None:
    setting = Setting()
    first = await setting.get("a", "b", "a", "")
    assert set(first) == {("encoder-1", "key of a"), ("encoder-1", "key of b")}
    assert setting.model.encoded == ["a", "b"]
    assert setting.sources() == (0, 0, 2)
    assert await setting.get("b", "a") == first
    assert setting.sources() == (2, 0, 2)
    setting.restarted()
    assert await setting.get("a", "b", "c") == {**first, **await setting.get("c")}
    assert setting.model.encoded == ["a", "b", "c"]
    assert setting.sources() == (3, 2, 3)


async def test_nothing_to_embed_asks_nobody() -> None:
    setting = Setting()
    assert await setting.get("", "") == {}
    assert setting.sources() == (0, 0, 0)


async def test_the_memory_keeps_those_used_last() -> None:
    setting = Setting(kept=2)
    await setting.get("a", "b")
    await setting.get("a")  # now b is the one used longest ago
    await setting.get("c")
    before = setting.sources()
    await setting.get("a")
    await setting.get("c")
    assert setting.sources() == (before[0] + 2, before[1], before[2])
    await setting.get("b")
    assert setting.sources() == (before[0] + 2, before[1] + 1, before[2])


async def test_a_memory_of_nothing_still_answers() -> None:
    setting = Setting(kept=0)
    assert await setting.get("a", "b") == await setting.get("b", "a")
    assert setting.sources() == (0, 2, 2)


async def test_encoders_have_embeddings_of_their_own() -> None:
    setting = Setting()
    await setting.get("a")
    setting.model.encoder = "encoder-2"
    await setting.get("a", encoder="encoder-2")
    assert setting.model.encoded == ["a", "a"]


async def test_texts_of_two_encoders_go_to_the_arm_of_each() -> None:
    asked: list[tuple[list[str], Arm]] = []

    class TwoArms(ArithmeticModel):
        async def encode(self, texts: object, arm: Arm) -> EncoderOutputs:
            assert isinstance(texts, list)
            asked.append((texts, arm))
            return EncoderOutputs(
                embedding=np.ones((len(texts), 4), np.float32),
                encoder=np.array([f"encoder of {arm}"] * len(texts), object),
            )

    cache = Embeddings(MemoryStore(half_life_ms=1.0), TwoArms(), CountingMetrics(), kept=10)
    text = Text(text="a", key="k")
    found = await cache.get([text, text], ["serving", "candidate"], ["encoder of serving", "encoder of candidate"])
    assert set(found) == {("encoder of serving", "k"), ("encoder of candidate", "k")}
    assert sorted(asked, key=str) == [(["a"], "candidate"), (["a"], "serving")]


async def test_an_answer_of_another_encoder_is_kept_under_its_own_name() -> None:
    """The bundle was swapped after the question: what came is right for the next question, not for this one."""
    setting = Setting()
    setting.model.encoder = "encoder-2"
    assert set(await setting.get("a", encoder="encoder-1")) == {("encoder-2", "key of a")}
    await setting.get("a", encoder="encoder-2")
    assert setting.model.encoded == ["a"]
    assert (await setting.store.embeddings("encoder-1", ["key of a"])) == [None]


async def test_a_hit_and_a_miss_are_the_same_numbers() -> None:
    setting = Setting()
    missed = await setting.get("some text")
    assert await setting.get("some text") == missed
    setting.restarted()
    assert await setting.get("some text") == missed


async def test_a_list_too_short_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        await Setting().cache.get([Text(text="a", key="k")], ["serving"], [])
