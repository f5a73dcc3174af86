import uuid
from collections.abc import AsyncIterator, Mapping

import pytest
import redis as redis_py
from state_store_contract import HALF_LIFE_MS, StateStoreContract, effect, group, one

from contento.contracts.messages import RatingCorrection
from contento.contracts.redis_keys import APPLIED, REDIS_KEYS, USER_LIVE_FIELDS, RedisKeys
from contento.local.stack import Stack
from contento.state.base import LiveGroup, StateStore, StateUnavailable
from contento.state.reading import LiveReader
from contento.state.redis_store import RedisStore

pytestmark = pytest.mark.embedded


def open_store(url: str, prefix: str) -> RedisStore:
    return RedisStore(url, keys=RedisKeys(prefix), half_life_ms=HALF_LIFE_MS, embedding_ttl_s=60)


class TestRedisStore(StateStoreContract):
    @pytest.fixture
    def keys(self) -> str:
        return f"state-{uuid.uuid4().hex[:8]}"

    @pytest.fixture
    async def store(self, embedded_stack: Stack, keys: str) -> AsyncIterator[RedisStore]:
        store = open_store(embedded_stack.redis, keys)
        yield store
        await store.close()

    @pytest.fixture(autouse=True)
    async def reader(self, embedded_stack: Stack, keys: str) -> AsyncIterator[None]:
        self.url, self.key_names = embedded_stack.redis, RedisKeys(keys)
        self.live = LiveReader(embedded_stack.redis, RedisKeys(keys))
        yield
        await self.live.close()

    async def read_group(self, store: StateStore, kind: str, id_: str) -> LiveGroup | None:
        return await self.live.item(id_)

    async def write_correction(self, store: StateStore, correction: RatingCorrection) -> None:
        with redis_py.Redis.from_url(self.url) as client:
            client.set(self.key_names.rating_correction(), correction.SerializeToString())

    async def write_segment(self, store: StateStore, user: str, segment: str) -> None:
        with redis_py.Redis.from_url(self.url) as client:
            client.hset(self.key_names.user_live(user), "segment", segment)

    async def read_at_risk(self, store: StateStore) -> Mapping[str, float]:
        return dict(await self.live.at_risk(10))

    async def test_scripts_are_loaded_again_after_they_were_flushed(
        self, store: RedisStore, embedded_stack: Stack
    ) -> None:
        await store.apply([effect("u", 1, seen_n=0)], [group(one(1))])
        with redis_py.Redis.from_url(embedded_stack.redis) as client:
            client.script_flush()
        await store.apply([effect("u", 2, seen_n=1)], [group(one(2))])
        users, _ = await store.read(["u"], [])
        assert users["u"].live is not None
        assert users["u"].live.n == 2

    async def test_keys_are_those_of_the_registry(self, store: RedisStore, embedded_stack: Stack, keys: str) -> None:
        await store.apply([effect("u", 1, seen_n=0, at_risk=True)], [group(one(1))])
        with redis_py.Redis.from_url(embedded_stack.redis) as client:
            live = client.hgetall(RedisKeys(keys).user_live("u"))
            assert {f.decode() for f in live if not f.startswith(APPLIED.encode())} == set(USER_LIVE_FIELDS)
            for name, key in (("user_live", "u"), ("user_history", "u"), ("item_live", "i")):
                made = getattr(RedisKeys(keys), name)(key)
                assert client.type(made).decode() == REDIS_KEYS[name].type  # type: ignore[index]
            assert client.type(RedisKeys(keys).at_risk()) == b"zset"


async def test_a_redis_that_is_away_is_said_to_be() -> None:
    store = open_store("redis://127.0.0.1:1/0", "away")
    with pytest.raises(StateUnavailable, match="contento doctor"):
        await store.read(["u"], [])
    await store.close()
