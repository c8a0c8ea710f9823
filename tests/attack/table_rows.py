# SPDX-License-Identifier: Apache-2.0
"""The tables of a log, changed row by row by somebody who owns the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from counterfoil_service.core.merkle import HASH_BYTES
from counterfoil_service.core.tiles import WIDTH, width_at
from counterfoil_service.db.engine import Database
from counterfoil_service.db.prepared import Statement

HASHED = ("id", "time", "name", "outcome", "reason", "login_id", "application_id", "session_id", "subject", "jkt",
          "fields", "sealed")  # fmt: skip
_COLUMNS = ("position", *HASHED, "mailbox", "leaf_index", "source_prefix")
_TABLES = ("audit_events", "checkpoints", "log_tiles")
_INSERT = f"INSERT INTO audit_events ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{each}' for each in _COLUMNS)})"  # noqa: S608 - our own names
_LEVELS = 8
_STEP = 5_000
"""Rows of one statement: an engine that is busy gives up after ten seconds."""

Row = dict[str, Any]


class TableRows:
    """Entries are known by their places."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements: dict[str, Statement] = {}

    async def read(self, place: int) -> Row:
        """The whole row of an entry."""
        sql = f"SELECT {', '.join(_COLUMNS)} FROM audit_events WHERE leaf_index = :place"  # noqa: S608 - our own names
        (row,) = await self._all(sql, place=place)
        return dict(zip(_COLUMNS, row, strict=True))

    async def insert(self, row: Row) -> None:
        """As a row of its own."""
        await self._run(_INSERT, **row)

    async def delete(self, place: int) -> None:
        """Without a trace."""
        await self._run("DELETE FROM audit_events WHERE leaf_index = :place", place=place)

    async def put(self, place: int, column: str, value: object) -> None:
        """Change one column."""
        sql = f"UPDATE audit_events SET {column} = :value WHERE leaf_index = :place"  # noqa: S608 - our own names
        await self._run(sql, value=value, place=place)

    async def swap(self, one: int, other: int) -> None:
        """Exchange two places."""
        for old, new in ((one, -1), (other, one), (-1, other)):
            await self.put(old, "leaf_index", new)

    async def move(self, start: int, end: int, by: int) -> None:
        """Move the entries from `start` to before `end` by so many places, where nothing is in their way."""
        first = range(start, end, _STEP)
        for step in reversed(first) if by > 0 else first:
            # An engine looks for two rows at one place after every row: they pass by where no place is.
            away = "SET leaf_index = -2 - leaf_index WHERE leaf_index >= :start AND leaf_index < :end"
            await self._run(f"UPDATE audit_events {away}", start=step, end=min(step + _STEP, end))
            back = "SET leaf_index = -2 - leaf_index + :by WHERE leaf_index < -1"
            await self._run(f"UPDATE audit_events {back}", by=by)

    async def keep(self) -> None:
        """Copy every table, for `restore`."""
        for table in _TABLES:
            await self._run(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - our own names

    async def restore(self, start: int, end: int) -> None:
        """Everything as it was at `keep`, where the entries from `start` to before `end` are gone."""
        for table in ("checkpoints", "log_tiles"):
            await self._run(f"DELETE FROM {table}")  # noqa: S608 - our own names
            await self._run(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # noqa: S608 - our own names
        for step in range(start, end, _STEP):
            rows = "SELECT * FROM kept_audit_events WHERE leaf_index >= :start AND leaf_index < :end"
            await self._run(f"INSERT INTO audit_events {rows}", start=step, end=min(step + _STEP, end))

    async def truncate(self, size: int) -> None:
        """Cut the log to `size` entries, its checkpoints and its tiles too, as if there had never been more."""
        await self._run("DELETE FROM audit_events WHERE leaf_index >= :size", size=size)
        await self._run("DELETE FROM checkpoints WHERE size > :size", size=size)
        for level in range(_LEVELS):
            first = (size >> 8 * level) // WIDTH
            sql = "SELECT tile, hashes FROM log_tiles WHERE level = :level AND tile >= :first"
            for tile, hashes in await self._all(sql, level=level, first=first):
                await self._cut_tile(level, tile, bytes(hashes)[: width_at(level, tile, size) * HASH_BYTES])

    async def _cut_tile(self, level: int, tile: int, hashes: bytes) -> None:
        where = "WHERE level = :level AND tile = :tile"
        if hashes:
            sql = f"UPDATE log_tiles SET hashes = :hashes {where}"  # noqa: S608 - our own text
            await self._run(sql, hashes=hashes, level=level, tile=tile)
        else:
            await self._run(f"DELETE FROM log_tiles {where}", level=level, tile=tile)  # noqa: S608 - our own text

    async def _run(self, sql: str, **parameters: object) -> None:
        statement = self._statement(sql)
        await self._database.transact(lambda tx: tx.run(statement, parameters))

    async def _all(self, sql: str, **parameters: object) -> Sequence[Sequence[Any]]:
        statement = self._statement(sql)
        return await self._database.read(lambda tx: tx.all(statement, parameters))

    def _statement(self, sql: str) -> Statement:
        return self._statements.setdefault(sql, Statement(text(sql)))
