# SPDX-License-Identifier: Apache-2.0
"""A history into a database: in bulk, with every index in place, so that it lies as if it had grown."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing

import asyncpg

from benchmarks.growth.history import Row
from counterfoil_service.db.open import sqlite_path
from counterfoil_service.db.tables import metadata

Tables = Iterable[tuple[str, Iterator[Row]]]

_HURRIED = ("synchronous=OFF", "journal_mode=OFF", "cache_size=-1000000", "locking_mode=EXCLUSIVE")
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'16GB'", "checkpoint_timeout": "'1h'"}


async def fill(url: str, tables: Tables) -> None:
    """Nobody else may be there. A power cut would spoil it."""
    path = sqlite_path(url)
    if path is None:
        await _fill_postgresql(url, tables)
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as lite:
        for pragma in _HURRIED:
            lite.execute(f"PRAGMA {pragma}").fetchall()
        for table, rows in tables:
            names = columns(table)
            lite.execute("BEGIN")
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
            lite.executemany(sql, rows)
            lite.execute("COMMIT")


async def _fill_postgresql(url: str, tables: Tables) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with _hurried(connection):
            for table, rows in tables:
                await connection.copy_records_to_table(table, records=rows, columns=columns(table))
    finally:
        await connection.close()


@asynccontextmanager
async def _hurried(connection: "asyncpg.Connection") -> AsyncIterator[None]:
    """The server does not wait for its disk meanwhile."""
    for name, value in _SETTINGS.items():
        await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    await connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        for name in _SETTINGS:
            await connection.execute(f"ALTER SYSTEM RESET {name}")
        await connection.execute("SELECT pg_reload_conf()")


def columns(table: str) -> list[str]:
    """Those that a history gives: all but the number that an engine gives each event."""
    return [column.name for column in metadata.tables[table].columns if (table, column.name) != _NUMBERED]


_NUMBERED = ("audit_events", "position")
