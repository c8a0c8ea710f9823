# SPDX-License-Identifier: Apache-2.0
"""The hub of held polls: a few hundred bytes for each waiting login, no query while nothing happens.

The database is the truth: a wake-up only says "read again", so a lost or needless one does no harm.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Self

_TICKS = 100
"""Ends of rests a second: those that fall together share a timer, as ten thousand are ten thousand objects.

They also come back together: with a tenth of these ticks an approval could meet forty polls that were to be verified.
"""


class Waiter:
    """One held poll, known to the hub within its block. Set by whoever wakes it, cleared by itself before it reads."""

    __slots__ = ("_hub", "_login_id", "_resting", "_woken")

    def __init__(self, hub: "Hub", login_id: str) -> None:
        self._hub, self._login_id = hub, login_id
        self._resting: asyncio.Timeout | None = None
        self._woken = False

    def __enter__(self) -> Self:
        self._hub.waiters[self._login_id] = self
        return self

    def __exit__(self, *_: object) -> None:
        del self._hub.waiters[self._login_id]

    def set(self) -> None:
        """Wake it, now or when it next rests."""
        self._woken = True
        self.end_rest()

    def clear(self) -> None:
        """What it was woken for is being looked at."""
        self._woken = False

    def is_set(self) -> bool:
        """Whether it was woken since it was last cleared."""
        return self._woken

    async def rest(self, gone: Callable[[], Awaitable[object]], seconds: float) -> bool:
        """Until its client is `gone`, which is the answer, or it is woken, or for so long and a hundredth of a second.

        One task waits for all of it: a second one would be a tenth of what a waiting desktop costs.
        """
        if self._woken:
            return False
        ends = self._hub.ending(seconds)
        try:
            async with asyncio.timeout(None) as self._resting:
                ends.add(self)
                await gone()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            ends.discard(self)
            self._resting = None

    def end_rest(self) -> None:
        """Not before the loop's next turn."""
        if self._resting is not None and self._resting.when() is None and not self._resting.expired():
            self._resting.reschedule(asyncio.get_running_loop().time())


class Hub:
    """Lives on one loop. `wake` is the database's `on_change`."""

    def __init__(self) -> None:
        self.waiters: dict[str, Waiter] = {}
        self._ends: dict[int, set[Waiter]] = {}
        self.draining = False

    def wake(self, login_id: str | None) -> None:
        """Wake who waits for one login; everybody when None."""
        waiters = self.waiters.values() if login_id is None else filter(None, [self.waiters.get(login_id)])
        for waiter in waiters:
            waiter.set()

    def drain(self) -> None:
        """Wake everybody, and hold nobody any more: the process is leaving."""
        self.draining = True
        self.wake(None)

    def waiting(self, login_id: str) -> Waiter:
        """Enter it before the state is read again, or a change in between would be missed."""
        return Waiter(self, login_id)

    def ending(self, seconds: float) -> set[Waiter]:
        """Those whose rest ends by then: they share a timer."""
        loop = asyncio.get_running_loop()
        tick = math.ceil((loop.time() + seconds) * _TICKS)
        if tick not in self._ends:
            self._ends[tick] = set()
            loop.call_at(tick / _TICKS, self._end, tick)
        return self._ends[tick]

    def _end(self, tick: int) -> None:
        for waiter in self._ends.pop(tick):
            waiter.end_rest()

    def __len__(self) -> int:
        return len(self.waiters)
