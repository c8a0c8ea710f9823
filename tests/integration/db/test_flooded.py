# SPDX-License-Identifier: Apache-2.0
"""Whoever asks is answered with as little work beside thousands of decoys, or logins given up, as beside none."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import asyncpg
import pytest

from benchmarks.harness.bulk import put, settle
from counterfoil_service.db import logins, migrate, usage
from counterfoil_service.db.open import sqlite_path
from counterfoil_service.db.postgresql import PLANNING
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.tables import logins as logins_table
from support.grown import rows_of

MANY = 2_000
NOW = 1_795_000_000_000_000
EMPTY, FULL = b"an empty mailbox", b"a mailbox full of decoys"
FRESH_KEY, TIRED_KEY = "a key that gave nothing up", "a key that gave up each login"
STATEMENTS = {
    "what budgets count": usage._USAGE,
    "what an alert counts": usage._FLOOD,
    "ending a key's earlier login": logins._SUPERSEDE["jkt"],
}
FEW = 100
"""Steps of SQLite's machine, or rows that PostgreSQL reads: less than to look at one row in ten."""
_LATELY = {"created_at": NOW - 1, "expires_at": NOW + 1, "known_device": None}
_UNTOUCHED = dict.fromkeys(("approved_at", "completed_at", "reported_at"))
_INSTANTS = ("mailed", "mails", "lengthened", "daily", "unanswered", "device", "device_daily", "live", "jkt",
             "source_range")  # fmt: skip


@pytest.fixture
async def flooded_url(database_url: str) -> str:
    """Both mailboxes were mailed once, so that what was answered is asked for."""
    path = sqlite_path(database_url)
    if path is None:
        await migrate.move_postgresql(database_url)
    else:
        migrate.move(path)
    await put(database_url, "logins", [*_logins()])
    await put(database_url, "mailings", [{"mailbox": mailbox, "mailed_at": NOW - 1} for mailbox in (EMPTY, FULL)])
    return database_url


def _logins() -> Iterator[dict[str, Any]]:
    rows = rows_of(logins_table, 2 * MANY)
    for row in islice(rows, MANY):
        yield row | _LATELY | _UNTOUCHED | {"mailbox": FULL, "decoy": 1, "state": "pending"}
    for row in rows:
        ended = {"jkt": TIRED_KEY, "state": "cancelled", "given_up": 1, "application_id": "desk-app"}
        yield row | _LATELY | _UNTOUCHED | ended


@pytest.mark.parametrize("name", STATEMENTS)
async def test_what_anybody_may_make_without_limit_is_not_looked_at(flooded_url: str, name: str) -> None:
    path, statement = sqlite_path(flooded_url), STATEMENTS[name]
    for _ in range(2):
        beside_none, beside_many = [
            await _rows_read(flooded_url, statement, each) if path is None else _steps(str(path), statement, each)
            for each in (_values(EMPTY, FRESH_KEY), _values(FULL, TIRED_KEY))
        ]
        assert beside_many < beside_none + FEW
        await settle(flooded_url)  # then once more, with what an engine knows of its tables by then


async def test_work_that_does_look_at_them_is_seen(flooded_url: str) -> None:
    path, looks = sqlite_path(flooded_url), logins._DENY_ALL["mailbox"]
    full = _values(FULL, TIRED_KEY)
    work = await _rows_read(flooded_url, looks, full) if path is None else _steps(str(path), looks, full)
    assert work > MANY


def _values(mailbox: bytes, jkt: str) -> dict[str, Any]:
    whose = {"mailbox": mailbox, "device": b"nobody's", "jkt": jkt, "source_range": b"nobody's"}
    return {f"{name}_from": NOW - 60_000_000 for name in _INSTANTS} | whose | {"now": NOW, "application_id": "desk-app"}


def _steps(path: str, statement: Statement, values: Mapping[str, Any]) -> int:
    """Instructions of SQLite's machine."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(path, isolation_level=None)) as lite:
        lite.execute("BEGIN")
        sql, bound = statement.bind("sqlite", values)
        lite.set_progress_handler(count, 1)
        lite.execute(sql, bound).fetchall()
        lite.set_progress_handler(None, 0)
        lite.execute("ROLLBACK")
    return steps


async def _rows_read(url: str, statement: Statement, values: Mapping[str, Any]) -> int:
    """Those that PostgreSQL's plan gave and those that it left out, by the plan that the service would keep."""
    connection = await asyncpg.connect(url, server_settings=PLANNING)
    try:
        sql, bound = statement.bind("postgresql", values)
        transaction = connection.transaction()
        await transaction.start()
        told = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", *bound)
        await transaction.rollback()
    finally:
        await connection.close()
    return round(_read_by(json.loads(told)[0]["Plan"]))


def _read_by(node: Mapping[str, Any]) -> float:
    here = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(here * node["Actual Loops"]) + sum(map(_read_by, node.get("Plans", ())))
