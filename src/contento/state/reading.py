"""Reading live state: for people, dashboards and tests."""

import json
from typing import Any

from redis import asyncio as aioredis

from contento.contracts.messages import History, Item
from contento.contracts.redis_keys import RedisKeys
from contento.state.base import LiveGroup, LiveUser
from contento.state.redis_store import SOCKET_TIMEOUT_S, live_user, translated_errors


class LiveReader:
    """Reads what the scorer has written. Every method raises `StateUnavailable` when Redis does not answer."""

    def __init__(self, url: str, keys: RedisKeys) -> None:
        """Take where Redis is and the keys under the deployment's prefix."""
        self._redis: Any = aioredis.Redis.from_url(
            url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S
        )
        self._keys = keys

    async def user(self, user: str) -> LiveUser | None:
        """Return a user's live scores, `None` when the user has none."""
        with translated_errors():
            return live_user(await self._redis.hgetall(self._keys.user_live(user)))

    async def users(self, users: list[str]) -> dict[str, LiveUser]:
        """Return the live scores of those users that have some."""
        pipe = self._redis.pipeline(transaction=False)
        for user in users:
            pipe.hgetall(self._keys.user_live(user))
        with translated_errors():
            found = await pipe.execute() if users else []
        live = ((user, live_user(fields)) for user, fields in zip(users, found, strict=True))
        return {user: scores for user, scores in live if scores}

    async def history(self, user: str) -> History:
        """Return a user's last events, oldest first."""
        with translated_errors():
            return History.FromString(await self._redis.get(self._keys.user_history(user)) or b"")

    async def item(self, item: str) -> LiveGroup | None:
        """Return an item's live scores, `None` when it has none."""
        with translated_errors():
            return _live_group(await self._redis.hgetall(self._keys.item_live(item)))

    async def item_meta(self, item: str) -> Item | None:
        """Return what is known of an item, `None` when nothing is."""
        with translated_errors():
            data = await self._redis.get(self._keys.item_meta(item))
        return Item.FromString(data) if data else None

    async def items_known(self, items: list[str]) -> int:
        """Return how many of the items have metadata in Redis."""
        pipe = self._redis.pipeline(transaction=False)
        for item in items:
            pipe.exists(self._keys.item_meta(item))
        with translated_errors():
            return sum(await pipe.execute()) if items else 0

    async def segments(self) -> dict[str, LiveGroup]:
        """Return the live scores of every segment, the largest first."""
        with translated_errors():
            names = sorted(name.decode() for name in await self._redis.smembers(self._keys.segments()))
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(self._keys.segment_live(name))
            found = await pipe.execute() if names else []
        groups = {name: group for name, fields in zip(names, found, strict=True) if (group := _live_group(fields))}
        return dict(sorted(groups.items(), key=lambda pair: -pair[1].n))

    async def at_risk(self, limit: int) -> list[tuple[str, float]]:
        """Return the users most at risk and their risk in [0, 1], the highest first."""
        with translated_errors():
            found = await self._redis.zrange(self._keys.at_risk(), 0, limit - 1, desc=True, withscores=True)
        return [(user.decode(), float(risk)) for user, risk in found]

    async def count_at_risk(self) -> int:
        """Return how many users are at risk."""
        with translated_errors():
            return int(await self._redis.zcard(self._keys.at_risk()))

    async def quality(self) -> dict[str, Any]:
        """Return how good the served scores are, as the learner says; empty before it does."""
        with translated_errors():
            found: dict[str, Any] = json.loads(await self._redis.get(self._keys.quality()) or b"{}")
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _live_group(fields: dict[bytes, bytes]) -> LiveGroup | None:
    if not fields:
        return None
    return LiveGroup(
        n=int(fields[b"n"]),
        weight=float(fields[b"weight"]),
        satisfaction=float(fields[b"satisfaction"]),
        p_negative=float(fields[b"p_negative"]),
        rating=float(fields[b"rating"]),
        updated_ms=int(fields[b"updated_ms"]),
    )
