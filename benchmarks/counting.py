# SPDX-License-Identifier: Apache-2.0
"""`just bench-counting`: what it costs to count one call, beside so many callers: here, and by `limits`."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from rich.console import Console
from rich.table import Table

from counterfoil_service.core.budget import Budget
from counterfoil_service.limiting.counters import ProcessCounters

CALLERS = (100, 1_000, 5_000, 20_000)
CALLS = 400
BUDGET = Budget(1_000_000, 60)

Hit = Callable[[str], Awaitable[bool]]


def _ours() -> Hit:
    counters = ProcessCounters(lambda: time.time_ns() // 1000)
    return lambda key: counters.hit(key, BUDGET)


def _theirs() -> Hit:
    strategy = SlidingWindowCounterRateLimiter(MemoryStorage())
    item = RateLimitItemPerSecond(BUDGET.count, BUDGET.seconds)
    return lambda key: strategy.hit(item, key)


async def _microseconds(hit: Hit, callers: int) -> float:
    for number in range(callers):
        await hit(f"caller {number}")
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    for number in range(CALLS):
        await hit(f"caller {number % callers}")
        await asyncio.sleep(0)  # as between two requests: what was put off is done
    return (time.perf_counter() - began) / CALLS * 1e6


async def main() -> None:
    """Print the table."""
    table = Table("callers", "counters of one process, µs a call", "limits 5, MemoryStorage, µs a call")
    for callers in CALLERS:
        cells = [await _microseconds(make(), callers) for make in (_ours, _theirs)]
        table.add_row(f"{callers:,}", *(f"{each:.1f}" for each in cells))
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
