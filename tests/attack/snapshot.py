# SPDX-License-Identifier: Apache-2.0
"""All tables that tell of sign-ins at one moment, read straight from the database while somebody may be writing."""

import asyncio
import contextlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

Row = Mapping[str, Any]
_TABLES = {
    "logins": "id, address, state, misses, approved_at, session_id",
    "sessions": "id, login_id, ended_at",
    "refresh_tokens": "session_id, state",
    "outbox": "id, login_id, kind, state, session_id",
    "users": "id, verified_at",
    "devices": "id",
    "audit_events": "id, name, reason, login_id, session_id, subject, fields, leaf_index",
    "checkpoints": "size, root, note",
}


@dataclass(frozen=True)
class Snapshot:
    """Rows by table, each a mapping of its columns."""

    tables: Mapping[str, Sequence[Row]]

    def __getitem__(self, table: str) -> Sequence[Row]:
        return self.tables[table]

    def counts(self, by: str) -> dict[Any, Counter[str]]:
        """How often each event happened, by login_id, session_id or subject; a reason stands behind the name."""
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for event in self["audit_events"]:
            if event[by] is not None:
                found[event[by]][event["name"]] += 1
                found[event[by]][f"{event['name']} {event['reason']}"] += 1
        return found


def snapshot(url: str) -> Snapshot:
    """Everything that was committed at one moment, and nothing else."""
    if not url.startswith("sqlite:///"):
        return Snapshot(asyncio.run(_postgresql(url)))
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)) as lite:
        lite.row_factory = sqlite3.Row
        lite.execute("BEGIN")
        return Snapshot({name: lite.execute(sql).fetchall() for name, sql in _selects()})


async def _postgresql(url: str) -> dict[str, Sequence[Row]]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return {name: await connection.fetch(sql) for name, sql in _selects()}
    finally:
        await connection.close()


def _selects() -> list[tuple[str, str]]:
    return [(name, f"SELECT {columns} FROM {name}") for name, columns in _TABLES.items()]  # noqa: S608 - our own names
