# SPDX-License-Identifier: Apache-2.0
"""One transaction on PostgreSQL, with as few ways to the server and back as can be: each costs more than its statement.

It begins with its first lock or write: what is read before sees the same at READ COMMITTED, where each statement sees
what was committed when it began. Inserts and notices wait for the next statement, or for the commit, and then go
together; where nothing but inserts is written they are a transaction by themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil_service.db.engine import Query, Row
from counterfoil_service.db.postgresql_joined import gathered, inserted
from counterfoil_service.db.prepared import Statement

CHANNEL: Final = "counterfoil"
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"


class PostgresqlTransaction:
    """Satisfies `Transaction`; whoever made it commits it or rolls it back."""

    __slots__ = ("_begun", "_connection", "_inserts", "_notices", "_read_only", "mailbox_keys")

    def __init__(self, connection: Any, *, read_only: bool = False) -> None:
        self._connection = connection
        self._begun = False
        self._read_only = read_only
        self._inserts: dict[Statement, list[tuple[Any, ...]]] = {}
        self._notices: list[str] = []
        self.mailbox_keys: dict[bytes, bytes] = {}

    async def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """The first row."""
        await self._prepare(statement)
        sql, values = statement.bind("postgresql", parameters)
        row: Row | None = await self._connection.fetchrow(sql, *values)
        return row

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Every row."""
        await self._prepare(statement)
        sql, values = statement.bind("postgresql", parameters)
        rows: Sequence[Row] = await self._connection.fetch(sql, *values)
        return rows

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        """One statement, so that none sees what another one writes."""
        statements = tuple(statement for statement, _ in queries)
        await self._prepare(*statements)
        values = [value for statement, parameters in queries for value in statement.bind("postgresql", parameters)[1]]
        row = await self._connection.fetchrow(gathered(statements), *values)
        return [rows or () for rows in row]

    async def run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Run a statement whose rows nobody needs."""
        sql, values = statement.bind("postgresql", parameters)
        if statement.inserts:
            self._inserts.setdefault(statement, []).append(values)
            return
        await self._prepare(statement)
        await self._connection.execute(sql, *values)

    async def lock(self, *keys: bytes) -> None:
        """Advisory locks of this transaction, in ascending order so that two callers cannot wait for each other."""
        if self._inserts:
            await self._flush()
        numbers = sorted(int.from_bytes(key[:8], "big", signed=True) for key in keys)
        locks = [f"SELECT pg_advisory_xact_lock({number})" for number in numbers]
        await self._connection.execute("; ".join(locks if self._begun else [_BEGIN, *locks]))
        self._begun = True

    async def notify(self, login_id: str | None) -> None:
        """Delivered by PostgreSQL on commit, to every replica."""
        self._notices.append(login_id or "")

    async def commit(self) -> None:
        """Write what still waits, and make all of it true."""
        if self._inserts or self._notices:
            await self._write(self._notices)
        if self._begun:
            await self._connection.execute("COMMIT")

    async def roll_back(self) -> None:
        """Undo all of it. A connection that cannot is given up: nobody may be handed an open transaction."""
        if not self._begun:
            return
        try:
            await self._connection.execute("ROLLBACK")
        except BaseException as error:
            self._connection.terminate()
            if not isinstance(error, Exception):
                raise

    async def _prepare(self, *statements: Statement) -> None:
        if self._inserts:
            await self._flush()
        elif not self._begun and any(statement.writes for statement in statements):
            await self._begin()

    async def _flush(self) -> None:
        """What comes next must see the inserts, and be undone with them."""
        if not self._begun:
            await self._begin()
        await self._write([])

    async def _begin(self) -> None:
        """A query that reads needs none, and nobody would end it."""
        if not self._read_only:
            await self._connection.execute(_BEGIN)
            self._begun = True

    async def _write(self, notices: list[str]) -> None:
        groups, self._inserts = self._inserts, {}
        values: list[Any] = [value for rows in groups.values() for row in rows for value in row]
        if notices:
            values += [CHANNEL, notices]
        counted = tuple((statement, len(rows)) for statement, rows in groups.items())
        await self._connection.execute(inserted(counted, notifies=bool(notices)), *values)
