# SPDX-License-Identifier: Apache-2.0
"""SQLite's one writer: it groups commits, answers after them, and keeps callers apart (decisions.md)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import sqlite
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.sqlite import SqliteDatabase
from support.scratch import ADD, ALL, Gate, Watched, note, notes, scratch, settle, watched


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with scratch(tmp_path / "scratch.db") as opened:
        yield opened


async def test_what_was_written_is_read_at_once(database: SqliteDatabase) -> None:
    assert await note(database, "a") == "a"
    assert await notes(database) == ["a"]


async def test_writes_that_wait_together_are_committed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with watched(tmp_path / "scratch.db", monkeypatch) as (database, connection):
        async with gate.holding(database):
            tasks = [asyncio.create_task(note(database, f"n{number}")) for number in range(10)]
            await settle()
        assert await asyncio.gather(*tasks) == [f"n{number}" for number in range(10)]
        assert connection.log.count("BEGIN IMMEDIATE") == connection.log.count("COMMIT") == 2


async def test_nobody_is_answered_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, answered = Gate(), []
    async with watched(tmp_path / "scratch.db", monkeypatch) as (database, connection):
        async with gate.holding(database):
            tasks = [asyncio.create_task(note(database, f"n{number}")) for number in range(5)]
            await settle()
            connection.hook = lambda sql: answered.append((sql, [task.done() for task in tasks]))
        await asyncio.gather(*tasks)
    before_commit = [done for sql, done in answered if sql == "COMMIT"]
    assert before_commit
    assert not any(any(done) for done in before_commit)


async def test_no_batch_holds_more_than_64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    async with watched(tmp_path / "scratch.db", monkeypatch) as (database, connection):
        async with gate.holding(database):
            tasks = [asyncio.create_task(note(database, f"n{number:03}")) for number in range(200)]
            await settle()
        await asyncio.gather(*tasks)
        assert len(await notes(database)) == 201
        assert _batches(connection) == [1, 64, 64, 64, 8]


def _batches(connection: Watched) -> list[int]:
    sizes: list[int] = []
    for sql in connection.log:
        if sql == "BEGIN IMMEDIATE":
            sizes.append(0)
        elif sql == "SAVEPOINT job":
            sizes[-1] += 1
    return sizes


async def test_a_failing_operation_rolls_back_its_own_caller_alone(database: SqliteDatabase) -> None:
    async def fail_late(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "half"})
        raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    gate = Gate()
    async with gate.holding(database):
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(note(database, "before")),
            asyncio.create_task(database.transact(fail_late)),
            asyncio.create_task(note(database, "after")),
        ]
        await settle()
    first, failed, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, last) == ("before", "after")
    assert isinstance(failed, Refusal)
    assert failed.code is ErrorCode.INVALID_REQUEST
    assert await notes(database) == ["after", "before", "held"]


async def test_a_broken_constraint_is_the_error_of_its_own_caller(database: SqliteDatabase) -> None:
    await note(database, "a")
    results = await asyncio.gather(
        note(database, "b"), note(database, "a"), note(database, "c"), return_exceptions=True
    )
    assert (results[0], results[2]) == ("b", "c")
    assert type(results[1]).__name__ == "IntegrityError"
    assert await notes(database) == ["a", "b", "c"]


async def test_an_operation_that_awaits_anything_else_is_told_so_and_undone(database: SqliteDatabase) -> None:
    async def sleepy(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "sleepy"})
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="may await nothing but its transaction"):
        await database.transact(sleepy)
    assert await notes(database) == []
    assert await note(database, "a") == "a"


async def test_an_operation_that_catches_its_own_error_is_committed_without_what_failed(
    database: SqliteDatabase,
) -> None:
    await note(database, "a")

    async def insist(tx: Transaction) -> None:
        with pytest.raises(Exception, match="UNIQUE"):
            await tx.run(ADD, {"body": "a"})
        await tx.run(ADD, {"body": "b"})

    await database.transact(insist)
    assert await notes(database) == ["a", "b"]


async def test_a_caller_cancelled_in_the_queue_is_skipped(database: SqliteDatabase) -> None:
    gate = Gate()
    async with gate.holding(database):
        kept = asyncio.create_task(note(database, "kept"))
        gone = asyncio.create_task(note(database, "gone"))
        await settle()
        gone.cancel()
        await settle()
    await kept
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await notes(database) == ["held", "kept"]


async def test_a_caller_cancelled_once_its_operation_began_is_committed(database: SqliteDatabase) -> None:
    gate = Gate()
    async with gate.holding(database) as begun:
        begun.cancel()
        await settle()
    with pytest.raises(asyncio.CancelledError):
        await begun
    await note(database, "later")
    assert await notes(database) == ["held", "later"]


async def test_a_caller_beyond_the_queue_is_sent_away_for_a_second(database: SqliteDatabase) -> None:
    gate = Gate()
    async with gate.holding(database) as first:
        tasks = [asyncio.create_task(note(database, f"n{number:04}")) for number in range(1024)]
        await settle()
        with pytest.raises(Refusal) as caught:
            await note(database, "one too many")
        assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
        assert caught.value.retry_after == 1
    await asyncio.gather(first, *tasks)
    stored = await notes(database)
    assert len(stored) == 1025
    assert "one too many" not in stored
    assert await note(database, "there is room again")


async def test_wake_ups_come_after_the_commit_and_only_for_what_was_committed(database: SqliteDatabase) -> None:
    woken: list[tuple[str | None, list[str]]] = []
    visible: list[str] = []

    def on_change(login_id: str | None) -> None:
        rows = database._reader.execute("SELECT body FROM notes").fetchall()
        woken.append((login_id, [row[0] for row in rows]))

    async def announce(tx: Transaction, body: str, *, fail: bool) -> None:
        await tx.notify(body)
        await tx.run(ADD, {"body": body})
        if fail:
            raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    database.on_change = on_change
    results = await asyncio.gather(
        database.transact(lambda tx: announce(tx, "good", fail=False)),
        database.transact(lambda tx: announce(tx, "bad", fail=True)),
        return_exceptions=True,
    )
    visible = await notes(database)
    assert isinstance(results[1], Refusal)
    assert woken == [("good", ["good"])]
    assert visible == ["good"]


async def test_our_own_commits_wake_nobody_else(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "FOREIGN_COMMIT_CHECK_SECONDS", 0.02)
    woken: list[str | None] = []
    database.on_change = woken.append
    for number in range(10):
        await note(database, f"n{number}")
        await asyncio.sleep(0.02)
    assert woken == []


async def test_a_read_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(Refusal) as caught:
        await database.read(lambda tx: tx.all(ADD, {"body": "a"}))
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
    assert await notes(database) == []


async def test_a_read_in_the_middle_of_a_write_sees_what_was_committed_before(database: SqliteDatabase) -> None:
    await note(database, "a")
    gate = Gate()
    async with gate.holding(database):
        assert await notes(database) == ["a"]
    await note(database, "b")
    assert await notes(database) == ["a", "b", "held"]


async def test_every_statement_is_fetched_to_its_end(database: SqliteDatabase) -> None:
    for body in "abc":
        await note(database, body)

    async def first_of_many(tx: Transaction) -> object:
        row = await tx.one(ALL, {})
        await tx.run(Statement(text("DELETE FROM notes")), {})
        return row

    assert await database.transact(first_of_many) == ("a",)
    assert await notes(database) == []


async def test_closing_loses_nothing_that_was_queued(tmp_path: Path) -> None:
    path = tmp_path / "scratch.db"
    async with scratch(path) as database:
        gate = Gate()
        async with gate.holding(database) as first:
            tasks = [asyncio.create_task(note(database, f"n{number:03}")) for number in range(150)]
            await settle()
            closing = asyncio.create_task(database.close())
            await settle()
            with pytest.raises(Refusal, match="temporarily_unavailable"):
                await note(database, "too late")
        await closing
        assert await first == "held"
        assert len(await asyncio.gather(*tasks)) == 150
    assert [each.name for each in tmp_path.iterdir()] == ["scratch.db"], "the log is folded into the file"  # noqa: ASYNC240 - one listing
    connection = sqlite.connect(path)
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (151,)
    connection.close()


async def test_every_commit_reaches_the_disk(database: SqliteDatabase) -> None:
    for pragma, value in (
        ("synchronous", 2),
        ("journal_mode", "wal"),
        ("wal_autocheckpoint", 0),
        ("trusted_schema", 0),
    ):
        assert database._connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)
