# SPDX-License-Identifier: Apache-2.0
"""Many rows into a database at once, and what an engine does by itself once nobody hurries it."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import asyncpg

from counterfoil_service.db.open import sqlite_path

Rows = Sequence[Mapping[str, Any]]


async def put(url: str, table: str, rows: Rows) -> None:
    """Insert them; not kept safe from a power cut."""
    if not rows:
        return
    columns, records = list(rows[0]), [tuple(row.values()) for row in rows]
    path = sqlite_path(url)
    if path is None:
        connection = await asyncpg.connect(url)
        try:
            await connection.copy_records_to_table(table, records=records, columns=columns)
        finally:
            await connection.close()
        return
    places = ", ".join("?" * len(columns))
    with closing(sqlite3.connect(path, isolation_level=None)) as lite:
        lite.execute("PRAGMA synchronous=OFF")
        lite.execute("BEGIN IMMEDIATE")
        lite.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", records)  # noqa: S608 - our own names
        lite.execute("COMMIT")


async def settle(url: str) -> None:
    """What an engine does by itself once nobody hurries it: write everything to its files, know its tables' sizes."""
    lite, post = ["PRAGMA wal_checkpoint(TRUNCATE)"], ["VACUUM (ANALYZE)", "CHECKPOINT"]
    await _execute(url, post if sqlite_path(url) is None else lite)


async def pack(url: str) -> None:
    """Give back all room that nothing is in."""
    await _execute(url, ["VACUUM FULL" if sqlite_path(url) is None else "VACUUM"])


async def _execute(url: str, commands: Sequence[str]) -> None:
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path, isolation_level=None)) as lite:
            for sql in commands:
                lite.execute(sql).fetchall()
        return
    connection = await asyncpg.connect(url)
    try:
        for sql in commands:
            await connection.execute(sql)
    finally:
        await connection.close()
