# SPDX-License-Identifier: Apache-2.0
"""One caller's work on a SQLite connection: driven to its end without a loop, in a savepoint of its own."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from counterfoil_service.db.engine import Query, Row, Transaction, unavailable
from counterfoil_service.db.prepared import Statement

T = TypeVar("T")

_PRIMARY_CODE = 0xFF
_TRANSIENT = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip

log = logging.getLogger(__name__)


class SqliteTransaction:
    """Answers without ever suspending; satisfies `Transaction`."""

    __slots__ = ("_connection", "mailbox_keys", "notified")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.mailbox_keys: dict[bytes, bytes] = {}
        self.notified: list[str | None] = []

    async def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """The first row; the rest is fetched too, since an unfinished statement would hold the commit up."""
        rows = await self.all(statement, parameters)
        return rows[0] if rows else None

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Every row."""
        rows: list[Row] = self._connection.execute(*statement.bind("sqlite", parameters)).fetchall()
        return rows

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        """One after another: there is no way between them."""
        return [await self.all(statement, parameters) for statement, parameters in queries]

    async def run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Run to the end."""
        await self.all(statement, parameters)

    async def lock(self, *keys: bytes) -> None:
        """Nothing to do: there is one writer."""

    async def notify(self, login_id: str | None) -> None:
        """Remember whom to wake after the commit."""
        self.notified.append(login_id)


class Job:
    """A caller that waits: its work, and what came of it."""

    __slots__ = ("error", "future", "notified", "result", "work")

    def __init__(self, work: Callable[[Transaction], Coroutine[Any, Any, Any]], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.notified: list[str | None] = []

    def run(self, connection: sqlite3.Connection) -> None:
        """Run in a savepoint: a failure rolls this caller back and nobody else."""
        transaction = SqliteTransaction(connection)
        connection.execute("SAVEPOINT job")
        try:
            self.result = drive(self.work(transaction))
        except Exception as error:  # noqa: BLE001 - handed to the caller whose error it is
            self.error = told(error)
            if connection.in_transaction:
                connection.execute("ROLLBACK TO job")
        else:
            self.notified = transaction.notified
        if connection.in_transaction:
            connection.execute("RELEASE job")

    def deliver(self) -> None:
        """On the loop: hand over what the commit made true."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def told(error: Exception) -> Exception:
    """What a caller hears: 503 where SQLite could not work just now; the error itself where our SQL is wrong."""
    if not isinstance(error, sqlite3.OperationalError):
        return error
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & _PRIMARY_CODE not in _TRANSIENT:
        return error
    log.warning("SQLite cannot work just now: %s", error)
    return unavailable()


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run an operation to its end without a loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("an operation may await nothing but its transaction")
