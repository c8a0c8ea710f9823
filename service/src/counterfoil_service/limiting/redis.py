# SPDX-License-Identifier: Apache-2.0
"""Budgets and the memory of proofs in Redis or Valkey, where replicas share them; while it is down all are refused.

A proof could be used once at each replica otherwise, and a budget at each of them.
"""

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.exceptions import ValkeyError

from counterfoil_service.core.budget import Budget, Window
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.words import N_
from counterfoil_service.db.proofs import replayed
from counterfoil_service.limiting.replay import REMEMBERED, ReplayMemory
from counterfoil_service.settings.secret import Secret

if TYPE_CHECKING:
    from counterfoil_service.limiting.counters import Counters

PREFIX: Final = "counterfoil"
"""Before every key, so that the server may be shared."""
ANSWER_SECONDS: Final = 1.0
_CONNECTIONS: Final = 32
_SCHEMES: Final = {"redis": "valkey", "rediss": "valkeys"}

T = TypeVar("T")
log = logging.getLogger(__name__)


class Redis:
    """One pool of connections to it."""

    def __init__(self, url: Secret) -> None:
        scheme, _, rest = url.reveal().partition("://")
        # One client for both kinds of server, which knows the schemes of one.
        address = f"{_SCHEMES.get(scheme, scheme)}://{rest}"
        self._pool = BlockingConnectionPool.from_url(
            address,
            max_connections=_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
        self._client = Valkey(connection_pool=self._pool)
        pool: Any = self._pool  # `limits` passes it on to the client, and says that all options are plain
        storage = RedisStorage(f"async+{address}", wrap_exceptions=True, key_prefix=PREFIX, connection_pool=pool)
        self.counters: Counters = RedisCounters(storage)
        self.replay: ReplayMemory = RedisReplayMemory(self._client)

    async def check(self) -> None:
        """A 503 Refusal while it does not answer."""
        await _answered(self._client.ping())

    async def policy(self) -> str | None:
        """What it does when its memory is full (`maxmemory-policy`), None where it does not say."""
        try:
            found = await self._client.config_get("maxmemory-policy")
        except ValkeyError:
            return None
        return str(found.get("maxmemory-policy", ""))

    async def close(self) -> None:
        """Leave."""
        await self._client.aclose()
        await self._pool.disconnect()


class RedisCounters:
    """Satisfies `Counters`, by the server's own clock."""

    def __init__(self, storage: RedisStorage) -> None:
        self._storage = storage
        self._strategy = SlidingWindowCounterRateLimiter(storage)

    async def hit(self, key: str, budget: Budget) -> bool:
        """Count one."""
        return await _answered(self._strategy.hit(_item(budget), key))

    async def window(self, key: str, budget: Budget) -> Window:
        """What counts now."""
        found = await _answered(self._storage.get_sliding_window(_item(budget).key_for(key), budget.seconds))
        previous, previous_left, current, current_left = found
        # The current counter is kept for two windows: for its own, and for the next, in part.
        left = previous_left if previous else max(0.0, current_left - budget.seconds)
        return Window(previous, current, left)


class RedisReplayMemory:
    """Satisfies `ReplayMemory`. How many are remembered is bounded by the server's memory, which must not evict."""

    def __init__(self, client: Valkey) -> None:
        self._client = client

    async def remember(self, replay_key: bytes, now: int) -> None:  # noqa: ARG002 - the server has a clock of its own
        """Raise a Refusal for a proof seen before, or where the server cannot tell."""
        name = f"{PREFIX}/replay/{base64url(replay_key)}"
        if not await _answered(self._client.set(name, b"", px=REMEMBERED // 1000, nx=True)):
            raise replayed()


def _item(budget: Budget) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(budget.count, budget.seconds, namespace="budget")


async def _answered(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except (StorageError, ValkeyError, OSError) as error:
        raise _down(error) from None


def _down(error: Exception) -> Refusal:
    log.warning("Redis does not answer (%s): calls are refused with 503 until it does", type(error).__name__)
    text = N_("The service cannot check its limits right now; try again.")
    return Refusal(ErrorCode.TEMPORARILY_UNAVAILABLE, text, retry_after=1)
