"""Live state in Redis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from redis import asyncio as aioredis
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from contento.contracts.messages import Factors, History, Item, RatingCorrection
from contento.contracts.redis_keys import APPLIED, RedisKeys
from contento.state.base import GroupEffect, ItemState, LiveUser, StateUnavailable, UserEffect, UserState

_APPLY_USER: Final = (Path(__file__).parent / "apply_user.lua").read_text()
_APPLY_GROUP: Final = (Path(__file__).parent / "apply_group.lua").read_text()
_USER_SHA: Final = sha1(_APPLY_USER.encode(), usedforsecurity=False).hexdigest()
_GROUP_SHA: Final = sha1(_APPLY_GROUP.encode(), usedforsecurity=False).hexdigest()

_PASSING: Final = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
    OSError,
)
"""Errors of a server that may answer later; any other is a fault of the call."""
SOCKET_TIMEOUT_S: Final = 5.0
"""A pipeline of 512 scripts takes some 30 ms; a hundred times that is a server that does not answer."""


class RedisStore:
    """State in Redis 6.2 or newer, as `contento.contracts.redis_keys` documents it."""

    def __init__(
        self,
        url: str,
        *,
        keys: RedisKeys,
        half_life_ms: float,
        embedding_ttl_s: int,
        state_ttl_s: int = 0,
    ) -> None:
        """Take where Redis is and how long things stay.

        Args:
            url: `redis://…` or `rediss://…`.
            keys: The keys under the deployment's prefix.
            half_life_ms: Half-life of group means, in milliseconds of event time.
            embedding_ttl_s: Seconds an unused embedding stays cached.
            state_ttl_s: Seconds the state of a silent user, item or segment stays; 0: for ever.
        """
        self._redis: Any = aioredis.Redis.from_url(
            url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S
        )
        self._keys = keys
        self._half_life_ms = half_life_ms
        self._embedding_ttl_s = embedding_ttl_s
        self._state_ttl_ms = state_ttl_s * 1000

    async def read(
        self, users: Sequence[str], items: Sequence[str]
    ) -> tuple[dict[str, UserState], dict[str, ItemState]]:
        """See `StateStore.read`."""
        keys = self._keys
        pipe = self._redis.pipeline(transaction=False)
        for user in users:
            pipe.hgetall(keys.user_live(user))
            pipe.get(keys.user_history(user))
            pipe.get(keys.user_factors(user))
        for item in items:
            pipe.get(keys.item_meta(item))
            pipe.get(keys.item_factors(item))
        with translated_errors():
            found = iter(await pipe.execute())
        user_states = {
            user: UserState(
                live=live_user(live),
                applied=_applied(live),
                history=History.FromString(history or b""),
                factors=Factors.FromString(factors) if factors else None,
            )
            for user, live, history, factors in zip(users, found, found, found, strict=False)
        }
        item_states = {
            item: ItemState(
                meta=Item.FromString(meta) if meta else None,
                factors=Factors.FromString(factors) if factors else None,
            )
            for item, meta, factors in zip(items, found, found, strict=False)
        }
        return user_states, item_states

    async def rating_correction(self) -> RatingCorrection:
        """See `StateStore.rating_correction`."""
        with translated_errors():
            return RatingCorrection.FromString(await self._redis.get(self._keys.rating_correction()) or b"")

    async def apply(self, users: Sequence[UserEffect], groups: Sequence[GroupEffect]) -> set[str]:
        """See `StateStore.apply`."""
        keys = self._keys
        first = self._redis.pipeline(transaction=False)
        for group in groups:
            live_key = keys.item_live(group.id) if group.kind == "item" else keys.segment_live(group.id)
            first.evalsha(
                _GROUP_SHA, 1, live_key, APPLIED + group.source, self._half_life_ms, self._state_ttl_ms,
                *(
                    value
                    for e in group.events
                    for value in (e.offset, repr(e.satisfaction), repr(e.p_negative), repr(e.rating), e.time_ms)
                ),
            )  # fmt: skip
        segments = {group.id for group in groups if group.kind == "segment"}
        if segments:
            first.sadd(keys.segments(), *segments)
        at_risk = {effect.user: effect.live.risk for effect in users if effect.at_risk}
        if at_risk:
            first.zadd(keys.at_risk(), at_risk)
        content = [effect.user for effect in users if not effect.at_risk]
        if content:
            first.zrem(keys.at_risk(), *content)
        await self._run(first)

        second = self._redis.pipeline(transaction=False)
        for effect in users:
            second.evalsha(
                _USER_SHA, 2, keys.user_live(effect.user), keys.user_history(effect.user),
                APPLIED + effect.source, effect.offset, effect.seen_n, effect.history.SerializeToString(),
                self._state_ttl_ms, *_live_fields(effect),
            )  # fmt: skip
        results = await self._run(second)
        return {effect.user for effect, result in zip(users, results, strict=True) if result == -1}

    async def embeddings(self, encoder: str, text_keys: Sequence[str]) -> list[NDArray[np.float16] | None]:
        """See `StateStore.embeddings`."""
        if not text_keys:
            return []
        # One GETEX each rather than one MGET: it renews the time to live, and the keys may lie in many slots.
        pipe = self._redis.pipeline(transaction=False)
        for key in text_keys:
            pipe.getex(self._keys.embedding(encoder, key), ex=self._embedding_ttl_s)
        with translated_errors():
            found = await pipe.execute()
        return [np.frombuffer(data, "<f2") if data else None for data in found]

    async def store_embeddings(self, encoder: str, embeddings: Mapping[str, NDArray[np.float16]]) -> None:
        """See `StateStore.store_embeddings`."""
        pipe = self._redis.pipeline(transaction=False)
        for key, embedding in embeddings.items():
            data = embedding.astype("<f2").tobytes()
            pipe.set(self._keys.embedding(encoder, key), data, ex=self._embedding_ttl_s)
        with translated_errors():
            await pipe.execute()

    async def store_items(self, items: Mapping[str, Item | None]) -> None:
        """See `StateStore.store_items`."""
        pipe = self._redis.pipeline(transaction=False)
        for key, item in items.items():
            if item is None:
                pipe.delete(self._keys.item_meta(key))
            else:
                pipe.set(self._keys.item_meta(key), item.SerializeToString())
        with translated_errors():
            await pipe.execute()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _run(self, pipe: Any) -> list[Any]:
        """Run a pipeline of scripts; load them first where the server does not know them."""
        commands = list(pipe.command_stack)
        with translated_errors():
            try:
                return list(await pipe.execute())
            except NoScriptError:
                await self._redis.script_load(_APPLY_USER)
                await self._redis.script_load(_APPLY_GROUP)
                again = self._redis.pipeline(transaction=False)
                again.command_stack = commands
                return list(await again.execute())


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn errors of a server that may answer later into `StateUnavailable`."""
    try:
        yield
    except _PASSING as error:
        raise StateUnavailable(
            f"Redis does not answer: {error}: check that it runs and is not read-only (contento doctor)"
        ) from error


def live_user(fields: Mapping[bytes, bytes]) -> LiveUser | None:
    """Return the live scores in a hash as Redis gives it; `None` when it is empty."""
    if not fields:
        return None
    return LiveUser(
        satisfaction=float(fields[b"satisfaction"]),
        slow=float(fields[b"slow"]),
        p_negative=float(fields[b"p_negative"]),
        p_neutral=float(fields[b"p_neutral"]),
        p_positive=float(fields[b"p_positive"]),
        rating=float(fields[b"rating"]),
        n=int(fields[b"n"]),
        segment=fields[b"segment"].decode(),
        bundle=fields[b"bundle"].decode(),
        updated_ms=int(fields[b"updated_ms"]),
    )


def _live_fields(effect: UserEffect) -> Iterable[str | int]:
    live = effect.live
    segment = () if live.segment == effect.seen_segment else ("segment", live.segment)
    return (
        "satisfaction", repr(live.satisfaction), "trend", repr(live.trend), "slow", repr(live.slow),
        "p_negative", repr(live.p_negative), "p_neutral", repr(live.p_neutral), "p_positive", repr(live.p_positive),
        "rating", repr(live.rating), "n", live.n, "bundle", live.bundle, "updated_ms", live.updated_ms, *segment,
    )  # fmt: skip


def _applied(fields: Mapping[bytes, bytes]) -> dict[str, int]:
    prefix = APPLIED.encode()
    return {key[len(prefix) :].decode(): int(value) for key, value in fields.items() if key.startswith(prefix)}
