# SPDX-License-Identifier: Apache-2.0
"""Bytes on disk for each entry: the rows, their indexes, and the tree with its checkpoints."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import asyncpg

from benchmarks.audit.made_log import MadeLog
from benchmarks.harness.bulk import pack
from benchmarks.harness.figures import Series
from counterfoil_service.db.log import last_index
from counterfoil_service.db.open import sqlite_path

_SQLITE = """
SELECT s.name = m.tbl_name, m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name
WHERE s.aggregate = TRUE GROUP BY 1, 2
"""
_POSTGRESQL = """
SELECT own, relname, CASE WHEN own THEN pg_table_size(oid) ELSE pg_indexes_size(oid) END
FROM pg_class, unnest(ARRAY[true, false]) AS own WHERE relkind = 'r' AND relname = ANY($1)
"""
_NAMES = ["audit_events", "log_tiles", "checkpoints"]


async def measure_bytes(logs: Sequence[MadeLog]) -> list[Series]:
    """Of a log that was just filled: room that updates left behind counts, though later entries may take it."""
    series = [_series(name) for name in ("rows", "indexes", "tree and checkpoints", "together")]
    for log in logs:
        sizes = await _sizes(log)
        rows, indexes = sizes[True, "audit_events"], sizes[False, "audit_events"]
        together = sum(sizes.values())
        for each, size in zip(series, (rows, indexes, together - rows - indexes, together), strict=True):
            each.add(log.size, size / log.size)
    return series


async def measure_packed(logs: Sequence[MadeLog]) -> list[Series]:
    """The same without any room to spare, in the end."""
    series = _series("together, packed")
    for log in logs:
        await pack(log.url)
        entries = await log.database.read(last_index) + 1
        series.add(log.size, sum((await _sizes(log)).values()) / entries)
    return [series]


def _series(name: str) -> Series:
    return Series("disk", name, "bytes/entry")


async def _sizes(log: MadeLog) -> dict[tuple[bool, str], int]:
    """Bytes of each table itself (True) and of its indexes (False)."""
    path = sqlite_path(log.url)
    if path is not None:
        with closing(sqlite3.connect(path)) as lite:
            sizes = {(bool(own), name): size for own, name, size in lite.execute(_SQLITE)}
        return {key: size for key, size in sizes.items() if key[1] in _NAMES}
    connection = await asyncpg.connect(log.url)
    try:
        return {(own, name): size for own, name, size in await connection.fetch(_POSTGRESQL, _NAMES)}
    finally:
        await connection.close()
