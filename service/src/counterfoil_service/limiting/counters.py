# SPDX-License-Identifier: Apache-2.0
"""Where calls are counted: sliding windows of two counters, in this process. Replicas share those of `redis.py`."""

from typing import Protocol

from counterfoil_service.core.budget import Budget, Window
from counterfoil_service.core.login import SECOND
from counterfoil_service.db.engine import Clock, unavailable

CAPACITY = 1_000_000
"""Counters in one window, some 100 bytes each; where there are more nobody new is let in [R48]."""


class Counters(Protocol):
    """`key` names whose budget of which kind it is. Raises a 503 Refusal where nothing can be counted."""

    async def hit(self, key: str, budget: Budget) -> bool:
        """Count one; False, and nothing counted, where there is no room."""

    async def window(self, key: str, budget: Budget) -> Window:
        """What counts now."""


class _Windows:
    """All counters of one length of window, which begin at the same instants: old ones leave together."""

    def __init__(self) -> None:
        self.number = 0
        self.previous: dict[str, int] = {}
        self.current: dict[str, int] = {}

    def turn(self, number: int) -> None:
        if number != self.number:
            self.previous = self.current if number == self.number + 1 else {}
            self.current = {}
            self.number = number


class ProcessCounters:
    """Satisfies `Counters`, and never suspends. One counter costs the same however many there are."""

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._windows: dict[int, _Windows] = {}

    async def hit(self, key: str, budget: Budget) -> bool:
        """Count one."""
        window = await self.window(key, budget)
        if window.used(budget) >= budget.count:
            return False
        counters = self._windows[budget.seconds].current
        if key not in counters and len(counters) >= self._capacity:
            raise unavailable(retry_after=budget.seconds)
        counters[key] = window.current + 1
        return True

    async def window(self, key: str, budget: Budget) -> Window:
        """What counts now."""
        number, into = divmod(self._clock(), budget.window)
        windows = self._windows.setdefault(budget.seconds, _Windows())
        windows.turn(number)
        left = budget.seconds - into / SECOND
        return Window(windows.previous.get(key, 0), windows.current.get(key, 0), left)
