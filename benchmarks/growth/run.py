# SPDX-License-Identifier: Apache-2.0
"""One engine: a service of each size, and rounds over all of them."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import NamedTuple

import asyncpg

from benchmarks.growth.asking import Askers
from benchmarks.growth.figures import BATCH, REQUEST
from benchmarks.growth.grown import make, opened
from benchmarks.growth.metering import Cost
from benchmarks.growth.sweeping import swept
from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import Engine, EngineSeries, Series
from counterfoil_service.db.open import sqlite_path


class Plan(NamedTuple):
    """What a run measures: rounds after the first one, requests of each kind in a round, rows in a sweeper's batch."""

    sizes: list[int]
    rounds: int
    requests: int
    batch: int


def measured(engine: Engine, plan: Plan, seconds: float, told: Callable[[str], None]) -> EngineSeries:
    """Everything of one engine within so many seconds; `told` hears what is going on."""
    with home_of(engine) as home:
        urls = {size: home.fresh(f"growth-{size}") for size in plan.sizes}

        def tell(what: str) -> None:
            told(f"{home.about}: {what}")

        return EngineSeries(engine, home.about, asyncio.run(_within(seconds, urls, plan, tell)))


async def _within(seconds: float, urls: Mapping[int, str], plan: Plan, told: Callable[[str], None]) -> list[Series]:
    async with asyncio.timeout(seconds), AsyncExitStack() as stack:
        stored = Series("disk", "database", "bytes/login")
        for size, url in urls.items():
            told(f"making {size:,} logins")
            await make(size, url, (plan.rounds + 1) * plan.batch)
            stored.add(size, await _bytes(url) / size)
        services = [await stack.enter_async_context(opened(size, url)) for size, url in urls.items()]
        askers = {service.size: Askers(service) for service in services}
        series: dict[str, Series] = {}
        for number in range(-1, plan.rounds):
            told(f"round {number + 1} of {plan.rounds}")
            for service in services if number % 2 else reversed(services):
                asked, taken = await askers[service.size].round(plan.requests), await swept(service, plan.batch)
                if number >= 0:
                    _add(series, service.size, REQUEST, asked)
                    _add(series, service.size, BATCH, taken)
    return [*sorted(series.values(), key=lambda each: not each.judged), stored]


def _add(series: dict[str, Series], size: int, group: str, costs: Mapping[str, Cost]) -> None:
    for name, cost in costs.items():
        series.setdefault(name, Series(group, name, "µs", judged=True)).add(size, cost.cpu)
        series.setdefault(f"{name}, took", Series("took", name, "µs")).add(size, cost.took)


async def _bytes(url: str) -> int:
    """Of all tables and indexes."""
    path = sqlite_path(url)
    if path is not None:
        return path.stat().st_size
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await connection.close()
