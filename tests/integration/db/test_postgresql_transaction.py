# SPDX-License-Identifier: Apache-2.0
"""A transaction on PostgreSQL goes to the server as seldom as can be, and means the same as one that goes each time."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import column, insert, select, table

from counterfoil_service.db import logins, migrate, usage
from counterfoil_service.db.postgresql import PLANNING
from counterfoil_service.db.postgresql_joined import inserted
from counterfoil_service.db.postgresql_transaction import CHANNEL, PostgresqlTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import parameter

NOTES, PAGES = table("notes", column("number"), column("body")), table("pages", column("title"))
ADD = Statement(insert(NOTES).values(body=parameter("body")).inline())
ADD_PAGE = Statement(insert(PAGES).values(title=parameter("title")).inline())
ALL = Statement(select(NOTES.c.body).order_by(NOTES.c.number))
ONE = Statement(select(NOTES.c.number, NOTES.c.body).where(NOTES.c.body == parameter("body")))
TITLES = Statement(select(PAGES.c.title))
MADE = "CREATE TABLE notes (number int GENERATED ALWAYS AS IDENTITY, body text UNIQUE); CREATE TABLE pages (title text)"


class Counting:
    """A connection that writes down what was sent over it."""

    def __init__(self, real: asyncpg.Connection) -> None:
        self._real, self.sent = real, list[str]()
        self.terminated = False

    def terminate(self) -> None:
        self.terminated = True

    def __getattr__(self, name: str) -> Any:
        async def call(sql: str, *values: Any) -> Any:
            self.sent.append(sql)
            return await getattr(self._real, name)(sql, *values)

        return call


@pytest.fixture
async def connection(postgres_url: str) -> AsyncIterator[Counting]:
    real = await asyncpg.connect(postgres_url)
    await real.execute(MADE)
    yield Counting(real)
    await real.close()


async def bodies(connection: Counting) -> list[str]:
    rows = await connection._real.fetch("SELECT body FROM notes ORDER BY number")
    return [row[0] for row in rows]


async def test_inserts_alone_are_one_statement_and_a_transaction_by_themselves(connection: Counting) -> None:
    tx = PostgresqlTransaction(connection)
    for number in range(5):
        await tx.run(ADD, {"body": f"note {number}"})
        await tx.run(ADD_PAGE, {"title": "a"})
    assert connection.sent == []
    await tx.commit()
    assert len(connection.sent) == 1
    assert await bodies(connection) == [f"note {number}" for number in range(5)]


async def test_one_bad_insert_of_several_undoes_them_all(connection: Counting) -> None:
    tx = PostgresqlTransaction(connection)
    await tx.run(ADD_PAGE, {"title": "a"})
    for body in ("same", "other", "same"):
        await tx.run(ADD, {"body": body})
    with pytest.raises(asyncpg.UniqueViolationError):
        await tx.commit()
    await tx.roll_back()
    assert await bodies(connection) == []
    assert await connection._real.fetch("SELECT * FROM pages") == []


async def test_what_is_read_next_sees_the_inserts_that_waited_and_is_undone_with_them(connection: Counting) -> None:
    tx = PostgresqlTransaction(connection)
    await tx.run(ADD, {"body": "seen"})
    assert await tx.all(ALL, {}) == [("seen",)]
    await tx.run(ADD, {"body": "never seen"})
    await tx.roll_back()
    assert await bodies(connection) == []


async def test_reads_need_no_transaction_and_the_first_lock_begins_one(connection: Counting) -> None:
    tx = PostgresqlTransaction(connection)
    assert await tx.one(ONE, {"body": "x"}) is None
    assert len(connection.sent) == 1
    await tx.lock(b"\0" * 8, b"\xff" * 8)
    assert [part.split(" ")[0] for part in connection.sent[1].split("; ")] == ["BEGIN", "SELECT", "SELECT"]
    await tx.commit()
    assert connection.sent[2:] == ["COMMIT"]


async def test_gathered_queries_are_one_statement_with_every_row_of_each(connection: Counting) -> None:
    await connection._real.execute("INSERT INTO notes (body) VALUES ('a'), ('b'); INSERT INTO pages VALUES ('p')")
    tx = PostgresqlTransaction(connection)
    one, every, none, titles = await tx.gather((ONE, {"body": "b"}), (ALL, {}), (ONE, {"body": "c"}), (TITLES, {}))
    assert [tuple(map(tuple, rows)) for rows in (one, every, none, titles)] == [
        ((2, "b"),),
        (("a",), ("b",)),
        (),
        (("p",),),
    ]
    assert len(connection.sent) == 1


async def test_a_notice_goes_with_the_commit_and_not_before(connection: Counting, postgres_url: str) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(postgres_url)
    try:
        await listener.add_listener(CHANNEL, lambda *told: heard.append(told[3]))
        for commits in (False, True):
            tx = PostgresqlTransaction(connection)
            await tx.run(ADD, {"body": "a"})
            await tx.notify("login")
            await tx.notify(None)
            await (tx.commit() if commits else tx.roll_back())
            await listener.fetch("SELECT 1")
            assert heard == (["login", ""] if commits else [])
    finally:
        await listener.close()


async def test_a_connection_that_cannot_roll_back_is_given_up(connection: Counting) -> None:
    tx = PostgresqlTransaction(connection)
    await tx.lock(b"\0" * 8)
    await connection._real.close()
    await tx.roll_back()
    assert connection.terminated


def test_what_is_no_plain_insert_cannot_be_joined() -> None:
    odd = Statement(insert(NOTES).from_select(["body"], select(PAGES.c.title)))
    with pytest.raises(ValueError, match="not an insert"):
        inserted(((odd, 1),), notifies=False)


async def test_a_young_database_looks_for_a_keys_few_logins_by_the_key(postgres_url: str) -> None:
    """Its statistics say that all indexes are small; one over all open logins would be as good, and is not later."""
    await migrate.move_postgresql(postgres_url)
    real = await asyncpg.connect(postgres_url, server_settings=PLANNING)
    try:
        for name, statement in (("ending", logins._SUPERSEDE["jkt"]), ("usage", usage._USAGE)):
            sql, count = statement.text("postgresql")
            await real.execute(f"PREPARE {name} AS {sql}")
            rows = await real.fetch(f"EXPLAIN EXECUTE {name}({', '.join(['NULL'] * count)})")
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan" not in plan
            assert "ix_logins_open" not in plan, plan
            assert set(re.findall(r"using (ix_logins_\w+)", plan)) <= {
                "ix_logins_jkt_given_up_created_at",
                "ix_logins_mailbox_decoy_created_at",
                "ix_logins_source_range_created_at",
            }
    finally:
        await real.close()
