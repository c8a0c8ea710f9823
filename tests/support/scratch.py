# SPDX-License-Identifier: Apache-2.0
"""A small database of our own, to see what an engine does with operations: one table of notes, and faults at will."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.db import sqlite
from counterfoil_service.db.engine import Database, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.sqlite import SqliteDatabase

CREATE = Statement(text("CREATE TABLE notes (body TEXT NOT NULL PRIMARY KEY)"))
ADD = Statement(text("INSERT INTO notes (body) VALUES (:body)"))
ALL = Statement(text("SELECT body FROM notes ORDER BY body"))


async def note(database: Database, body: str) -> str:
    """Write one note."""

    async def work(tx: Transaction) -> str:
        await tx.run(ADD, {"body": body})
        return body

    return await database.transact(work)


async def notes(database: Database) -> list[str]:
    """Every note."""
    return [row[0] for row in await database.read(lambda tx: tx.all(ALL, {}))]


class Watched:
    """A SQLite connection that tells of every statement before it runs; a hook that raises is a fault of the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.real = connection
        self.log: list[str] = []
        self.hook: Callable[[str], None] = lambda _sql: None

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        self.log.append(sql)
        self.hook(sql)
        return self.real.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def fail_once(sql: str, *, times: int = 1) -> Callable[[str], None]:
    """A hook that fails this statement so many times."""
    left = [times]

    def hook(seen: str) -> None:
        if seen == sql and left[0]:
            left[0] -= 1
            raise sqlite3.OperationalError("disk I/O error")

    return hook


@contextlib.asynccontextmanager
async def scratch(path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open SQLite database with its table."""
    database = SqliteDatabase(path)
    try:
        await database.transact(lambda tx: tx.run(CREATE, {}))
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def watched(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[SqliteDatabase, Watched]]:
    """The same, its writer's connection watched."""
    plain = sqlite.connect
    monkeypatch.setattr(
        sqlite, "connect", lambda path, **options: plain(path, **options) if options else Watched(plain(path))
    )
    async with scratch(path) as database:
        connection: Any = database._connection
        connection.log.clear()
        yield database, connection


class Gate:
    """Holds the writer thread inside an operation until the test lets it go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    async def hold(self, tx: Transaction) -> str:
        """An operation that blocks its thread, as a slow disk would."""
        self.entered.set()
        assert self.go.wait(10)
        await tx.run(ADD, {"body": "held"})
        return "held"

    @contextlib.asynccontextmanager
    async def holding(self, database: Database) -> AsyncIterator["asyncio.Task[str]"]:
        """The writer is busy; what is written meanwhile queues up."""
        task = asyncio.create_task(database.transact(self.hold))
        assert await asyncio.to_thread(self.entered.wait, 10)
        try:
            yield task
        finally:
            self.go.set()


async def settle() -> None:
    """Let tasks that were just made run up to their first wait."""
    for _ in range(3):
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what another thread or process does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it is another thread's doing
            await asyncio.sleep(0.01)
