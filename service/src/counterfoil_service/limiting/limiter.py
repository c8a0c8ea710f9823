# SPDX-License-Identifier: Apache-2.0
"""The budgets of callers that no table counts: what is used of them, and who is refused [R94]."""

from typing import Final

from counterfoil_service.core.budget import Budget, Budgets, LimitRefusal
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db.engine import Clock
from counterfoil_service.limiting.counters import Counters, ProcessCounters

_NAME_BYTES: Final = 16
_REMEMBERED: Final = 100_000


class Limiter:
    """`who` is told apart by keyed hashes: neither addresses nor keys reach where it is counted."""

    def __init__(self, budgets: Budgets, key: bytes, clock: Clock, counters: Counters) -> None:
        self._budgets = budgets
        self._key = key
        self._clock = clock
        self._counters = counters
        self._told = ProcessCounters(clock)
        self._spent: dict[str, int] = {}

    async def charge(self, name: str, *who: str | bytes) -> None:
        """Count one; a LimitRefusal, and nothing counted, where the budget is used up."""
        key, budget = self._key_of(name, *who), self._budget(name)
        if await self._counters.hit(key, budget):
            return
        refusal = await self._refusal(name, key)
        self._remember(key, refusal.quota.seconds)
        raise refusal

    async def check(self, name: str, *who: str | bytes) -> LimitRefusal | None:
        """What `charge` would refuse with; nothing is counted."""
        key, budget = self._key_of(name, *who), self._budget(name)
        window = await self._counters.window(key, budget)
        return await self._refusal(name, key) if window.used(budget) >= budget.count else None

    def check_spent(self, name: str, *who: str | bytes) -> None:
        """A LimitRefusal for whom this process has refused, until the time that it was told; nothing is looked up."""
        if not self._spent:
            return
        left = self._spent.get(self._key_of(name, *who), 0) - self._clock()
        if left > 0:
            raise LimitRefusal(name, self._budget(name), -(-left // SECOND))

    async def is_news(self, refusal: LimitRefusal, *who: str | bytes) -> bool:
        """Whether it is the first of its kind for a while, in this process: what the log is told of."""
        quota = refusal.quota
        return await self._told.hit(self._key_of(quota.name, *who), Budget(1, quota.budget.seconds))

    def _budget(self, name: str) -> Budget:
        budget: Budget = getattr(self._budgets, name)
        return budget

    def _key_of(self, name: str, *who: str | bytes) -> str:
        parts = (each if isinstance(each, bytes) else each.encode() for each in who)
        return f"{name}/{base64url(keyed(self._key, name.encode(), *parts)[:_NAME_BYTES])}"

    async def _refusal(self, name: str, key: str) -> LimitRefusal:
        budget = self._budget(name)
        window = await self._counters.window(key, budget)
        return LimitRefusal(name, budget, window.wait(budget))

    def _remember(self, key: str, seconds: int) -> None:
        now = self._clock()
        if len(self._spent) >= _REMEMBERED:
            self._spent = {each: until for each, until in self._spent.items() if until > now}
        if len(self._spent) < _REMEMBERED:
            self._spent[key] = now + seconds * SECOND
