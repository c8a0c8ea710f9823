# SPDX-License-Identifier: Apache-2.0
"""What a page asks of its database: each statement with how long it took, and how the engine runs it."""

import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import asyncpg

from counterfoil_service.db.engine import Database, Query, Row, Transaction
from counterfoil_service.db.open import sqlite_path
from counterfoil_service.db.postgresql_joined import gathered
from counterfoil_service.db.prepared import Dialect, Statement
from support.statements import every_statement

T = TypeVar("T")


class Ran(NamedTuple):
    """One statement, or on PostgreSQL several that went together: milliseconds by the clock, and rows that came."""

    statements: tuple[Statement, ...]
    sql: str
    values: tuple[Any, ...]
    took: float
    rows: int


class Watch:
    """Over one open database, from now on."""

    def __init__(self, database: Database) -> None:
        self.ran: list[Ran] = []
        self._dialect: Dialect = database.dialect
        self._names = {id(statement): name for name, statement in every_statement().items()}
        read, transact = database.read, database.transact
        watched: Any = database  # its methods are replaced

        def reading(query: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> Coroutine[Any, Any, T]:  # noqa: ANN401 - as the engine's
            return read(lambda tx: query(_Watched(tx, self), *args))

        def writing(work: Callable[[Any], Coroutine[Any, Any, T]]) -> Coroutine[Any, Any, T]:
            return transact(lambda tx: work(_Watched(tx, self)))

        watched.read, watched.transact = reading, writing

    def took(self, queries: Sequence[Query], began: float, rows: int) -> None:
        """Note it."""
        bound = [statement.bind(self._dialect, parameters) for statement, parameters in queries]
        statements = tuple(statement for statement, _ in queries)
        sql = bound[0][0] if len(bound) == 1 else gathered(statements)
        values = tuple(value for _, each in bound for value in each)
        self.ran.append(Ran(statements, sql, values, (time.perf_counter() - began) * 1000, rows))

    @property
    def slowest(self) -> Ran:
        """Of those so far."""
        return max(self.ran, key=lambda ran: ran.took)

    def name(self, ran: Ran) -> str:
        """As people find it in the source: `people_pages._PAGE[all]`."""
        names = [self._names.get(id(statement), "") for statement in ran.statements]
        return " and ".join(dict.fromkeys(name or "audit_pages" for name in names))


class _Watched:
    """A transaction that is timed."""

    def __init__(self, tx: Transaction, watch: Watch) -> None:
        self._tx, self._watch = tx, watch

    @property
    def mailbox_keys(self) -> dict[bytes, bytes]:
        return self._tx.mailbox_keys

    async def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        began = time.perf_counter()
        row = await self._tx.one(statement, parameters)
        self._watch.took([(statement, parameters)], began, int(row is not None))
        return row

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        began = time.perf_counter()
        rows = await self._tx.all(statement, parameters)
        self._watch.took([(statement, parameters)], began, len(rows))
        return rows

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        if self._watch._dialect == "sqlite":  # noqa: SLF001 - its own half
            return [await self.all(*query) for query in queries]
        began = time.perf_counter()
        found = await self._tx.gather(*queries)
        self._watch.took(queries, began, sum(map(len, found)))
        return found

    async def run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        began = time.perf_counter()
        await self._tx.run(statement, parameters)
        self._watch.took([(statement, parameters)], began, 0)

    async def lock(self, *keys: bytes) -> None:
        await self._tx.lock(*keys)

    async def notify(self, login_id: str | None) -> None:
        await self._tx.notify(login_id)


async def plan_of(url: str, ran: Ran) -> list[str]:
    """The engine's own words, a line a step."""
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as lite:
            return [str(row[3]) for row in lite.execute(f"EXPLAIN QUERY PLAN {ran.sql}", ran.values)]
    connection = await asyncpg.connect(url)
    try:
        return [str(row[0]) for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {ran.sql}", *ran.values)]
    finally:
        await connection.close()
