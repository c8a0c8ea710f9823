# SPDX-License-Identifier: Apache-2.0
"""One engine: a log of each size, and every measure over all of them, one after another."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from benchmarks.audit.keeping import measure_bytes, measure_packed
from benchmarks.audit.made_log import open_log
from benchmarks.audit.paging import measure_pages
from benchmarks.audit.proving import measure_proofs
from benchmarks.audit.verifying import measure_verifying
from benchmarks.audit.writing import measure_writes
from benchmarks.harness.bulk import settle
from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import Engine, EngineSeries, Series

VERIFICATIONS = 3
"""Rounds of what takes half a minute at a million entries."""


def measured(
    engine: Engine, sizes: list[int], rounds: int, seconds: float, told: Callable[[str], None]
) -> EngineSeries:
    """Everything of one engine within so many seconds; `told` hears what is going on."""
    with home_of(engine) as home:
        urls = {size: home.fresh(f"log-{size}") for size in sizes}
        about = home.about

        def tell(what: str) -> None:
            told(f"{about}: {what}")

        return EngineSeries(engine, about, asyncio.run(_within(seconds, urls, rounds, tell)))


async def _within(seconds: float, urls: Mapping[int, str], rounds: int, told: Callable[[str], None]) -> list[Series]:
    async with asyncio.timeout(seconds), AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(open_log(size, url)) for size, url in urls.items()]
        for log in logs:
            told(f"making a log of {log.size:,} entries")
            await log.fill()
            await settle(log.url)
        told("measuring writes")
        kept = await measure_bytes(logs)
        written = await measure_writes(logs, rounds)
        told("measuring proofs and pages")
        proved = await measure_proofs(logs, rounds)
        paged = await measure_pages(logs, rounds)
        told("verifying")
        verified = await asyncio.to_thread(measure_verifying, logs, min(rounds, VERIFICATIONS))
        kept += await measure_packed(logs)
        return [*written, *proved, *verified, *kept, *paged]
