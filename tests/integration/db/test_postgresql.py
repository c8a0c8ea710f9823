# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: honest races are retried, notices come after commits, and a lost LISTEN connection comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import postgresql
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.postgresql import PostgresqlDatabase
from counterfoil_service.db.postgresql_transaction import CHANNEL
from counterfoil_service.db.prepared import Statement
from support.scratch import ADD, CREATE, eventually, note, notes

SET = Statement(text("UPDATE notes SET body = body WHERE body = :body"))
PING = "are you there?"
ALIVE = "SELECT pid FROM pg_stat_activity WHERE pid = "


@pytest.fixture
async def database(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgresqlDatabase]:
    monkeypatch.setattr(postgresql, "LISTEN_CHECK_SECONDS", 0.05)
    opened = await PostgresqlDatabase.open(postgres_url)
    await opened.transact(lambda tx: tx.run(CREATE, {}))
    yield opened
    await opened.close()


async def asked(database: PostgresqlDatabase, sql: str) -> list[Any]:
    """A query on a connection that is not the service's."""
    connection = await asyncpg.connect(database.url)
    try:
        rows: list[Any] = await connection.fetch(sql)
        return rows
    finally:
        await connection.close()


async def listening(database: PostgresqlDatabase) -> "list[str | None]":
    """Who was woken, from when the service listens on: a notice of ours is sent until it is heard."""
    woken: list[str | None] = []
    heard: list[str | None] = []
    database.on_change = lambda login_id: (heard if login_id == PING else woken).append(login_id)
    async with asyncio.timeout(10):
        while not heard:
            await asked(database, f"SELECT pg_notify('{CHANNEL}', '{PING}')")
            await asyncio.sleep(0.02)
    woken.clear()
    return woken


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The server processes behind the connections that the service opens beside its pool, oldest first."""
    pids: list[int] = []
    plain = asyncpg.connect

    async def connect(*arguments: Any, **options: Any) -> Any:
        connection = await plain(*arguments, **options)
        if "timeout" in options:
            pids.append(connection.get_server_pid())
        return connection

    monkeypatch.setattr(asyncpg, "connect", connect)
    return pids


@pytest.mark.parametrize("error", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError])
@pytest.mark.parametrize(("failures", "attempts"), [(0, 1), (1, 2), (2, 3), (3, 3)])
async def test_a_race_the_server_broke_off_is_retried_twice(
    database: PostgresqlDatabase, error: type[Exception], failures: int, attempts: int
) -> None:
    seen: list[int] = []

    async def work(tx: Transaction) -> str:
        seen.append(1)
        await tx.run(ADD, {"body": f"n{len(seen)}"})
        if len(seen) <= failures:
            raise error("race")
        return "done"

    if failures < 3:
        assert await database.transact(work) == "done"
        assert await notes(database) == [f"n{attempts}"]
    else:
        with pytest.raises(Refusal) as caught:
            await database.transact(work)
        assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
        assert await notes(database) == []
    assert len(seen) == attempts


async def test_a_real_deadlock_is_broken_and_both_are_done(database: PostgresqlDatabase) -> None:
    await note(database, "a")
    await note(database, "b")
    await asked(
        database, f"ALTER DATABASE {database.url.partition('?')[0].rpartition('/')[2]} SET deadlock_timeout = '50ms'"
    )
    both = asyncio.Barrier(2)
    tries: list[str] = []

    async def lock(tx: Transaction, first: str, second: str) -> str:
        tries.append(first)
        await tx.run(SET, {"body": first})
        if len(tries) <= 2:
            await both.wait()
        await tx.run(SET, {"body": second})
        return first

    fresh = await PostgresqlDatabase.open(database.url)
    try:
        done = await asyncio.gather(
            fresh.transact(lambda tx: lock(tx, "a", "b")), fresh.transact(lambda tx: lock(tx, "b", "a"))
        )
    finally:
        await fresh.close()
    assert list(done) == ["a", "b"]
    assert len(tries) == 3


async def test_a_broken_constraint_is_an_error_and_not_a_race(database: PostgresqlDatabase) -> None:
    await note(database, "a")
    tries: list[int] = []

    async def work(tx: Transaction) -> None:
        tries.append(1)
        await tx.run(ADD, {"body": "a"})

    with pytest.raises(asyncpg.UniqueViolationError):
        await database.transact(work)
    assert len(tries) == 1


async def test_only_the_index_of_pending_logins_is_retried(database: PostgresqlDatabase) -> None:
    await database.transact(
        lambda tx: tx.run(Statement(text("CREATE UNIQUE INDEX uq_logins_one_pending ON notes (length(body))")), {})
    )
    await note(database, "a")
    tries: list[int] = []

    async def work(tx: Transaction) -> None:
        tries.append(1)
        await tx.run(ADD, {"body": "b" * len(tries)})

    await database.transact(work)
    assert len(tries) == 2
    assert await notes(database) == ["a", "bb"]


async def test_a_refusal_undoes_its_transaction(database: PostgresqlDatabase) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "half"})
        raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    with pytest.raises(Refusal, match="no"):
        await database.transact(work)
    assert await notes(database) == []


async def test_a_cancelled_caller_writes_nothing_and_gives_its_connection_back(database: PostgresqlDatabase) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "half"})
        await asyncio.sleep(60)

    tasks = [asyncio.create_task(database.transact(work)) for _ in range(postgresql.POOL_SIZE + 2)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await asyncio.gather(*(note(database, f"n{number}") for number in range(20)))
    assert len(await notes(database)) == 20


async def test_a_notice_comes_after_the_commit_and_not_before(database: PostgresqlDatabase) -> None:
    woken = await listening(database)
    release = asyncio.Event()

    async def work(tx: Transaction) -> None:
        await tx.notify("login")
        await release.wait()

    task = asyncio.create_task(database.transact(work))
    await asyncio.sleep(0.1)
    assert woken == []
    release.set()
    await task
    await eventually(lambda: woken == ["login"])


async def test_a_notice_of_what_was_rolled_back_never_comes(database: PostgresqlDatabase) -> None:
    woken = await listening(database)

    async def work(tx: Transaction) -> None:
        await tx.notify("bad")
        raise Refusal(ErrorCode.INVALID_REQUEST, "no")

    with pytest.raises(Refusal):
        await database.transact(work)
    await database.transact(lambda tx: tx.notify("good"))
    await eventually(lambda: woken == ["good"])


async def test_every_replica_hears_of_every_change(database: PostgresqlDatabase) -> None:
    first = await listening(database)
    other = await PostgresqlDatabase.open(database.url)
    second: list[str | None] = []
    other.on_change = second.append
    await eventually(lambda: second == [None])
    await database.transact(lambda tx: tx.notify("login"))
    await eventually(lambda: first == ["login"] and second == [None, "login"])
    await other.close()


async def test_a_lost_listen_connection_comes_back_and_wakes_everybody(
    listeners: list[int], database: PostgresqlDatabase
) -> None:
    woken = await listening(database)
    ended = await asked(database, f"SELECT pg_terminate_backend({listeners[-1]})")
    assert [row[0] for row in ended] == [True]
    await eventually(lambda: woken == [None])
    await database.transact(lambda tx: tx.notify("login"))
    await eventually(lambda: woken == [None, "login"])


async def test_a_connection_that_dies_in_the_middle_is_a_503_and_nothing_is_written(
    database: PostgresqlDatabase,
) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(ADD, {"body": "half"})
        row = await tx.one(Statement(text("SELECT pg_backend_pid()")), {})
        assert row is not None
        await asked(database, f"SELECT pg_terminate_backend({row[0]})")
        await tx.run(ADD, {"body": "other half"})

    with pytest.raises(Refusal) as caught:
        await database.transact(work)
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
    assert await notes(database) == []
    assert await note(database, "next") == "next"


async def test_locks_are_taken_in_one_order_whatever_order_they_are_named_in(database: PostgresqlDatabase) -> None:
    await asked(
        database, f"ALTER DATABASE {database.url.partition('?')[0].rpartition('/')[2]} SET deadlock_timeout = '10s'"
    )
    fresh = await PostgresqlDatabase.open(database.url)
    keys = [bytes([number]) * 32 for number in (1, 0xFF, 0x80, 0x7F)]

    async def hold(tx: Transaction, *names: bytes) -> None:
        await tx.lock(*names)
        await asyncio.sleep(0.01)

    def from_key(turn: int) -> Callable[[Transaction], Coroutine[Any, Any, None]]:
        return lambda tx: hold(tx, *keys[turn:], *keys[:turn])

    async with asyncio.timeout(8):
        await asyncio.gather(*(fresh.transact(from_key(turn)) for turn in range(4)))
    assert await asked(fresh, "SELECT * FROM pg_locks WHERE locktype = 'advisory'") == []
    await fresh.close()


async def test_a_closed_database_listens_no_more_and_answers_503(listeners: list[int], postgres_url: str) -> None:
    closed = await PostgresqlDatabase.open(postgres_url)
    await listening(closed)
    assert await asked(closed, f"{ALIVE}{listeners[-1]}") != []
    await closed.close()
    async with asyncio.timeout(10):
        while await asked(closed, f"{ALIVE}{listeners[-1]}"):  # noqa: ASYNC110 - the server's doing
            await asyncio.sleep(0.02)
    with pytest.raises(Refusal) as caught:
        await closed.transact(lambda tx: tx.notify("x"))
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE


async def test_a_server_that_is_not_there_is_said_when_opening() -> None:
    with pytest.raises(Refusal) as caught:
        await PostgresqlDatabase.open("postgresql://postgres@127.0.0.1:1/nothing")
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE


async def test_no_transaction_leaves_a_setting_behind_in_its_connection(database: PostgresqlDatabase) -> None:
    shown = Statement(
        text("SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings WHERE source = 'session'")
    )
    before = await database.read(lambda tx: tx.one(shown, {}))
    await note(database, "a")
    await database.transact(lambda tx: tx.lock(b"x" * 32))
    assert await database.read(lambda tx: tx.one(shown, {})) == before
