# SPDX-License-Identifier: Apache-2.0
"""When SQLite fails: everybody of the batch is told 503, nobody is retried, and the next batch works."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import sqlite
from counterfoil_service.db.engine import Database, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.sqlite import SqliteDatabase
from support.scratch import ADD, Gate, Watched, eventually, fail_once, note, notes, settle, watched

Pair = tuple[SqliteDatabase, Watched]


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    async with watched(tmp_path / "scratch.db", monkeypatch) as opened:
        yield opened


def assert_unavailable(results: "list[Any]") -> None:
    for result in results:
        assert isinstance(result, Refusal)
        assert result.code is ErrorCode.TEMPORARILY_UNAVAILABLE
        assert result.retry_after == 1


async def batch(database: Database, count: int, *extra: Any) -> tuple[list[Any], list[int]]:
    """Results of one batch of notes, with other operations among them, and how often each note's operation ran."""
    runs = [0] * count

    async def counted(tx: Transaction, number: int) -> int:
        runs[number] += 1
        await tx.run(ADD, {"body": f"n{number}"})
        return number

    def job(number: int) -> Any:
        return lambda tx: counted(tx, number)

    jobs = [job(number) for number in range(count)]
    jobs[count // 2 : count // 2] = extra
    gate = Gate()
    async with gate.holding(database) as first:
        tasks = [asyncio.create_task(database.transact(each)) for each in jobs]
        await settle()
    await asyncio.gather(first, return_exceptions=True)
    return await asyncio.gather(*tasks, return_exceptions=True), runs


async def test_a_failed_commit_is_everybodys_503_and_nobody_is_retried(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    database, connection = pair
    woken: list[str | None] = []
    database.on_change = woken.append

    async def announce(tx: Transaction) -> None:
        await tx.notify("login")

    def arm(sql: str) -> None:
        if sql == "COMMIT":  # the gate's own commit passes, the next one fails
            connection.hook = fail_once("COMMIT")

    connection.hook = arm
    with caplog.at_level(logging.WARNING):
        results, runs = await batch(database, 5, announce)
    assert_unavailable(results)
    assert runs == [1] * 5
    assert woken == []
    assert "disk I/O error" in caplog.text
    assert await notes(database) == ["held"]
    assert await note(database, "next") == "next"


async def test_a_lost_transaction_is_everybodys_503(pair: Pair) -> None:
    database, _ = pair

    async def lose(tx: Transaction) -> None:
        await tx.run(Statement(text("ROLLBACK")), {})

    results, runs = await batch(database, 4, lose)
    assert_unavailable(results)
    assert runs == [1, 1, 0, 0], "what comes after the loss is not begun"
    assert await notes(database) == ["held"]
    assert await note(database, "next") == "next"


async def test_an_error_that_ended_the_transaction_is_not_only_its_callers(pair: Pair) -> None:
    database, _ = pair

    async def lose_and_refuse(tx: Transaction) -> None:
        await tx.run(Statement(text("ROLLBACK")), {})
        raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    results, _ = await batch(database, 2, lose_and_refuse)
    assert_unavailable(results)


async def test_a_full_disk_refuses_the_batch_and_frees_itself_again(pair: Pair) -> None:
    database, connection = pair
    pages = connection.real.execute("PRAGMA page_count").fetchone()[0]
    connection.real.execute(f"PRAGMA max_page_count={pages + 2}").fetchall()

    async def fill(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "x" * 100_000})

    results, runs = await batch(database, 4, fill)
    assert_unavailable(results)
    assert max(runs) == 1
    assert await notes(database) == ["held"]

    connection.real.execute("PRAGMA max_page_count=100000").fetchall()
    await database.transact(fill)
    assert len(await notes(database)) == 2
    assert connection.real.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("sql", ["BEGIN IMMEDIATE", "SAVEPOINT job", "RELEASE job"])
async def test_a_failure_between_operations_is_everybodys_503(pair: Pair, sql: str) -> None:
    database, connection = pair
    connection.hook = fail_once(sql)
    results = await asyncio.gather(*(note(database, f"n{number}") for number in range(3)), return_exceptions=True)
    assert_unavailable(results[:1])
    connection.hook = lambda _sql: None
    stored = await notes(database)
    assert stored == [result for result in results if isinstance(result, str)]
    assert await note(database, "next") == "next"


async def test_a_savepoint_that_cannot_be_rolled_back_takes_the_batch_with_it(pair: Pair) -> None:
    database, connection = pair

    async def refuse(_tx: Transaction) -> None:
        connection.hook = fail_once("ROLLBACK TO job")
        raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    results, _ = await batch(database, 4, refuse)
    assert_unavailable(results)
    assert await notes(database) == ["held"]


async def test_a_statement_that_cannot_run_is_its_own_callers_error_and_no_503(pair: Pair) -> None:
    database, _ = pair

    async def broken(tx: Transaction) -> None:
        await tx.run(Statement(text("SELECT nothing FROM nowhere")), {})

    results, _ = await batch(database, 2, broken)
    assert results[::2] == [0, 1]
    assert isinstance(results[1], sqlite3.OperationalError)


async def test_the_writer_outlives_errors_of_its_own_chores(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "FOREIGN_COMMIT_CHECK_SECONDS", 0.02)
    database, connection = pair
    seen: list[str] = []

    def hook(sql: str) -> None:
        if sql in {"PRAGMA data_version", "PRAGMA wal_checkpoint(TRUNCATE)"}:
            seen.append(sql)
            raise sqlite3.OperationalError("disk I/O error")

    connection.hook = hook
    await note(database, "a")
    await eventually(lambda: len(set(seen)) == 2)
    async with asyncio.timeout(10):  # a dead writer answers nobody
        await note(database, "b")
    assert await notes(database) == ["a", "b"]


async def test_an_error_nobody_thought_of_does_not_end_the_writer(pair: Pair) -> None:
    database, connection = pair

    def hook(sql: str) -> None:
        if sql == "COMMIT":
            connection.hook = lambda _sql: None
            raise MemoryError

    connection.hook = hook
    async with asyncio.timeout(10):
        with pytest.raises(Refusal) as caught:
            await note(database, "a")
        assert_unavailable([caught.value])
        await note(database, "b")
    assert await notes(database) == ["b"]


async def test_a_file_that_is_no_database_is_said_at_once_and_not_by_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        SqliteDatabase(path)


async def test_a_writer_that_cannot_connect_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = sqlite.connect

    def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        if not read_only:
            return plain(path)
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite, "connect", connect)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        SqliteDatabase(tmp_path / "scratch.db")


async def test_a_read_whose_sql_is_wrong_is_an_error_and_no_503(pair: Pair) -> None:
    database, _ = pair
    with pytest.raises(sqlite3.OperationalError, match=r"nowhere|nothing"):
        await database.read(lambda tx: tx.all(Statement(text("SELECT nothing FROM nowhere")), {}))
