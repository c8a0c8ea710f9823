# SPDX-License-Identifier: Apache-2.0
"""Other processes on the same SQLite file: their locks are waited for, their commits noticed, their readers borne."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import sqlite
from counterfoil_service.db.sqlite import SqliteDatabase
from support.scratch import eventually, note, notes, scratch, settle


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with scratch(tmp_path / "scratch.db") as opened:
        yield opened


@contextlib.contextmanager
def foreign(database: SqliteDatabase) -> Iterator[sqlite3.Connection]:
    """A connection that is not the service's."""
    connection = sqlite3.connect(database.path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def log_bytes(database: SqliteDatabase) -> int:
    return Path(f"{database.path}-wal").stat().st_size


async def test_a_commit_of_another_process_wakes_everybody_within_about_a_second(database: SqliteDatabase) -> None:
    woken: list[str | None] = []
    database.on_change = woken.append
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
    insert = "INSERT INTO notes VALUES ('x')"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(database.path), insert], check=True)
    began = time.monotonic()
    await eventually(lambda: bool(woken))
    assert time.monotonic() - began < 3
    assert woken == [None]
    assert await notes(database) == ["x"]


async def test_foreign_commits_are_noticed_while_our_own_writes_go_on(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "FOREIGN_COMMIT_CHECK_SECONDS", 0.05)
    await note(database, "let the old second pass")
    woken: list[str | None] = []
    database.on_change = woken.append
    with foreign(database) as other:
        other.execute("INSERT INTO notes VALUES ('foreign')")
    async with asyncio.timeout(5):
        number = 0
        while not woken:
            number += 1
            await note(database, f"n{number}")
    assert woken == [None]


async def test_writes_wait_for_another_writer_and_do_not_fail(database: SqliteDatabase) -> None:
    with foreign(database) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO notes VALUES ('foreign')")
        tasks = [asyncio.create_task(note(database, f"n{number}")) for number in range(3)]
        done, _ = await asyncio.wait(tasks, timeout=0.3)
        assert not done
        assert await notes(database) == [], "reads do not wait"
        other.execute("COMMIT")
        assert await asyncio.gather(*tasks) == ["n0", "n1", "n2"]
    assert await notes(database) == ["foreign", "n0", "n1", "n2"]


async def test_a_lock_that_is_never_released_ends_in_503_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.2)
    async with scratch(tmp_path / "scratch.db") as database:
        with foreign(database) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(note(database, "a"), note(database, "b"), return_exceptions=True)
            other.execute("ROLLBACK")
        assert [isinstance(result, Refusal) and result.code for result in results] == [
            ErrorCode.TEMPORARILY_UNAVAILABLE
        ] * 2
        assert await note(database, "c") == "c"
        assert await notes(database) == ["c"]


async def test_a_caller_who_gives_up_while_the_lock_is_waited_for_is_skipped(database: SqliteDatabase) -> None:
    with foreign(database) as other:
        other.execute("BEGIN IMMEDIATE")
        gone = asyncio.create_task(note(database, "gone"))
        kept = asyncio.create_task(note(database, "kept"))
        await asyncio.sleep(0.1)  # the writer has taken both and waits for the lock
        gone.cancel()
        await settle()
        other.execute("COMMIT")
        await kept
    assert await notes(database) == ["kept"]


async def test_the_log_is_folded_into_the_file_when_nobody_writes(database: SqliteDatabase) -> None:
    for number in range(20):
        await note(database, f"n{number}")
    await eventually(lambda: log_bytes(database) == 0, 4)
    with foreign(database) as other:
        assert other.execute("SELECT count(*) FROM notes").fetchone() == (20,)


async def test_a_reader_elsewhere_puts_the_folding_off_and_holds_no_write_up(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "FOREIGN_COMMIT_CHECK_SECONDS", 0.02)
    await note(database, "a")
    with foreign(database) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM notes").fetchall()
        slowest = 0.0
        for number in range(10):
            await asyncio.sleep(0.05)  # idle: the writer tries to fold
            began = time.monotonic()
            await note(database, f"n{number}")
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 2, "the writer waited for the reader as long as for a lock"
        assert log_bytes(database) > 0
    await eventually(lambda: log_bytes(database) == 0, 4)
    with foreign(database) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(note(database, "patient"))
        await asyncio.sleep(0.1)
        other.execute("COMMIT")
        assert await task == "patient", "the patience of writes came back"


async def test_an_outgrown_log_is_restarted_even_under_load(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MAX_LOG_BYTES", 64 * 1024)
    monkeypatch.setattr(sqlite, "LOG_CHECK_SECONDS", 0)
    monkeypatch.setattr(sqlite, "FOREIGN_COMMIT_CHECK_SECONDS", 30)
    largest = 0
    for number in range(200):
        await note(database, f"{number:04}" + "x" * 2000)
        largest = max(largest, log_bytes(database))
    assert largest < 4 * 64 * 1024


async def test_two_services_of_one_file_lose_nothing_of_each_other(database: SqliteDatabase) -> None:
    other = SqliteDatabase(database.path)
    try:
        await asyncio.gather(
            *(note(each, f"{name}{number}") for number in range(40) for name, each in (("a", database), ("b", other)))
        )
    finally:
        await other.close()
    assert len(await notes(database)) == 80
