# SPDX-License-Identifier: Apache-2.0
"""One full batch of the sweeper, of each kind: as much is due at every size."""

from benchmarks.growth.grown import Grown
from benchmarks.growth.metering import Cost, Meter
from counterfoil_service.operations.forget_old import forget_old
from counterfoil_service.operations.sweep import sweep


async def swept(grown: Grown, batch: int) -> dict[str, Cost]:
    """What time has ended is written, and what is old is deleted: `batch` of each kind, in a transaction each."""
    meter = Meter(grown.database)

    async def expire(limit: int) -> None:
        _full(await grown.database.write(sweep, limit), limit)

    async def forget(limit: int) -> None:
        _full(await grown.database.write(forget_old, limit), limit)

    return {"write what has ended": await meter.each(expire, [batch]),
            "delete what is old": await meter.each(forget, [batch])}  # fmt: skip


def _full(found: int, limit: int) -> None:
    if found != limit:
        raise ValueError(f"a batch of {found} was swept, not of {limit}")
