# SPDX-License-Identifier: Apache-2.0
"""What a write costs: appending within a transaction, appending alone, sealing."""

import statistics
import time
from collections.abc import Sequence

from benchmarks.audit.made_log import MadeLog, append_all
from benchmarks.harness.figures import Series
from counterfoil_service.audit.sealer import BATCH
from counterfoil_service.operations.seal_events import seal_events

TOGETHER = 100
"""Appends in one transaction: so many that the commit does not hide what an append costs."""
ALONE = 100
_MICROSECONDS = 1e6


async def measure_writes(logs: Sequence[MadeLog], rounds: int) -> list[Series]:
    """Each round takes every log in turn, the next one in the other order; one round before them is thrown away."""
    append = Series("write", f"append, {TOGETHER} in a transaction", "µs/event", judged=True)
    alone = Series("write", "append and its commit", "µs/event")
    seal = Series("write", f"seal, {BATCH:,} at a time", "µs/event", judged=True)
    for number in range(-1, rounds):
        for log in logs if number % 2 else reversed(logs):
            took = await _appended(log, BATCH, TOGETHER), await _sealed(log), await _appended(log, ALONE, 1)
            await log.seal_all()
            if number >= 0:
                for series, seconds in zip((append, seal, alone), took, strict=True):
                    series.add(log.size, seconds * _MICROSECONDS)
    return [append, alone, seal]


async def _appended(log: MadeLog, count: int, together: int) -> float:
    """Seconds an event, in the middle one of so many transactions."""
    coming, took = await log.next(count), list[float]()
    for start in range(0, count, together):
        began = time.perf_counter()
        await log.database.write(append_all, coming[start : start + together])
        took.append(time.perf_counter() - began)
    return statistics.median(took) / together


async def _sealed(log: MadeLog) -> float:
    """Seconds an event, of one whole batch."""
    began = time.perf_counter()
    sealed = await log.database.write(seal_events, BATCH)
    took = (time.perf_counter() - began) / BATCH
    if sealed.count != BATCH:
        raise RuntimeError(f"a batch of {sealed.count} events was sealed, not of {BATCH}")
    return took
