# SPDX-License-Identifier: Apache-2.0
"""What the replicas, nginx and PostgreSQL have used so far, to be taken from what they have used later."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg

from benchmarks.harness.processes import cpu_seconds
from benchmarks.replicas.figures import Cost, Kept

SETTLED_SECONDS = 120
_UNDER_WAY = (
    "SELECT (SELECT count(*) FROM outbox WHERE state = 'queued')"
    " + (SELECT count(*) FROM audit_events WHERE leaf_index IS NULL)"
)
_LOG = ("audit_events", "log_tiles", "checkpoints", "cosignatures")
_SIZES = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


class Used(NamedTuple):
    """Seconds of CPU, and the place in PostgreSQL's own log."""

    replicas: float
    nginx: float
    postgresql: float
    wal: int

    def each(self, later: "Used", count: int) -> Cost:
        """For each of so many between two moments."""
        seconds = (later.replicas - self.replicas, later.nginx - self.nginx, later.postgresql - self.postgresql)
        replicas, nginx, postgresql = (1e6 * part / count for part in seconds)
        return Cost(replicas, nginx, postgresql, (later.wal - self.wal) / count)


class Holding(NamedTuple):
    """Entries of the log, its bytes with all indexes, and those of everything else."""

    entries: int
    log_bytes: int
    other_bytes: int

    def each(self, later: "Holding", count: int) -> Kept:
        """For each of so many between two moments."""
        entries, log, other = ((after - before) / count for before, after in zip(self, later, strict=True))
        return Kept(entries, log, other)


class Meter:
    """Of one group of replicas on one database."""

    def __init__(self, url: str, replicas: Sequence[int], nginx: int, postmaster: int) -> None:
        self._url, self._replicas, self._nginx, self._postmaster = url, replicas, nginx, postmaster

    async def used(self) -> Used:
        """Up to now."""
        wal = await self._value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        seconds = sum(map(cpu_seconds, self._replicas)), cpu_seconds(self._nginx), cpu_seconds(self._postmaster)
        return Used(*seconds, wal)

    async def holding(self) -> Holding:
        """What lies in the database now."""
        connection = await asyncpg.connect(self._url)
        try:
            sizes = {str(name): int(size) for name, size in await connection.fetch(_SIZES)}
            entries = int(await connection.fetchval("SELECT count(*) FROM audit_events"))
        finally:
            await connection.close()
        log = sum(sizes.pop(name) for name in _LOG)
        return Holding(entries, log, sum(sizes.values()))

    async def settled(self) -> None:
        """Once every mail is sent and every event under a checkpoint: what a request causes comes after its answer."""
        async with asyncio.timeout(SETTLED_SECONDS):
            while await self._value(_UNDER_WAY):  # noqa: ASYNC110 - other processes work
                await asyncio.sleep(0.1)

    async def _value(self, sql: str) -> int:
        connection = await asyncpg.connect(self._url)
        try:
            return int(await connection.fetchval(sql))
        finally:
            await connection.close()


async def postmaster_of(url: str) -> int:
    """The server's first process, on this machine."""
    connection = await asyncpg.connect(url)
    try:
        folder = await connection.fetchval("SHOW data_directory")
    finally:
        await connection.close()
    return int((Path(folder) / "postmaster.pid").read_text("ascii").splitlines()[0])
