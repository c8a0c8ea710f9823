# SPDX-License-Identifier: Apache-2.0
"""What a piece of work costs: the processor's time in this process and in the database's, and how long it took."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlalchemy import column, func, literal_column, select, table

from counterfoil_service.db.engine import Database
from counterfoil_service.db.prepared import Statement

T = TypeVar("T")

_MICROSECONDS = 1e6
_NANOSECONDS = 1e9
_BACKENDS = Statement(
    select(column("pid"))
    .select_from(table("pg_stat_activity"))
    .where(column("datname") == func.current_database(), column("backend_type") == literal_column("'client backend'"))
)


class Cost(NamedTuple):
    """Microseconds of one piece: of processors, on average, and by the clock, in the middle."""

    cpu: float
    took: float


class Meter:
    """Of a service on this database. SQLite works within this process; PostgreSQL in processes that serve it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def each(self, work: Callable[[T], Awaitable[object]], items: Iterable[T]) -> Cost:
        """Do it with each item, one after another."""
        took = list[float]()
        served = await self._served()
        here = time.process_time()
        for item in items:
            began = time.perf_counter()
            await work(item)
            took.append(time.perf_counter() - began)
        cpu = time.process_time() - here
        # One that was begun meanwhile counts from its beginning; what one that has ended had done is lost.
        cpu += sum(seconds - served.get(pid, 0) for pid, seconds in (await self._served()).items())
        return Cost(cpu / len(took) * _MICROSECONDS, statistics.median(took) * _MICROSECONDS)

    async def _served(self) -> dict[int, float]:
        """Seconds so far of each process that serves us; none on SQLite."""
        if self._database.dialect == "sqlite":
            return {}
        rows = await self._database.read(lambda tx: tx.all(_BACKENDS, {}))
        return {int(pid): _on_cpu(int(pid)) for (pid,) in rows}


def _on_cpu(pid: int) -> float:
    """Seconds, to the nanosecond: /proc/PID/stat counts in hundredths of a second."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / _NANOSECONDS
