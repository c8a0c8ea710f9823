# SPDX-License-Identifier: Apache-2.0
"""Many rows into a database at once: those that `audit.append` writes, without a round trip for each."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import asyncpg

from counterfoil_service.db.engine import Row
from counterfoil_service.db.open import sqlite_path
from counterfoil_service.db.prepared import Statement

Rows = Sequence[Mapping[str, Any]]


class Written:
    """A transaction that keeps what is written in it, and answers with the mailbox keys among that."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Mapping[str, Any]]] = {"mailbox_keys": [], "audit_events": []}
        self._keys: dict[bytes, Row] = {}

    def take(self) -> dict[str, list[Mapping[str, Any]]]:
        """The rows of each table since the last call."""
        taken, self._rows = self._rows, {name: [] for name in self._rows}
        return taken

    async def one(self, _statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """A mailbox's sealed key: nothing else is asked for."""
        return self._keys.get(parameters["mailbox"])

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """The same."""
        row = await self.one(statement, parameters)
        return [] if row is None else [row]

    async def run(self, _statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Keep a row."""
        if "sealed_key" in parameters:
            self._keys[parameters["mailbox"]] = (parameters["sealed_key"],)
            self._rows["mailbox_keys"].append(parameters)
        else:
            self._rows["audit_events"].append(parameters)

    async def lock(self, *keys: bytes) -> None:
        """Nobody else is here."""

    async def notify(self, login_id: str) -> None:
        """Nobody waits."""


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
