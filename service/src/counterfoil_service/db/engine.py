# SPDX-License-Identifier: Apache-2.0
"""The one idiom over two engines: `await database.write(operation, command)` and `await database.read(query, …)`.

Operations are `async def` functions that await nothing but their transaction, so that asyncpg can run them on the loop
and SQLite's writer thread can drive them to their end by a single `send(None)`.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import COMMAND_LINE
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import Keys
from counterfoil_service.db.migrate import SchemaState
from counterfoil_service.db.prepared import Dialect, Statement
from counterfoil_service.settings import Settings

T = TypeVar("T")
CommandT = TypeVar("CommandT")

Row = Sequence[Any]
Entropy = Callable[[int], bytes]
Clock = Callable[[], int]
OnChange = Callable[[str | None], None]
"""Called on the loop with the id of a login whose state changed, or with None when any may have."""


class Context(msgspec.Struct, frozen=True):
    """What an operation may know of the world: stamped when it begins.

    `actor` is who acts where an operator does: an operator's id, or `cli` for a command on the service's own machine.
    """

    now: int
    entropy: Entropy
    keys: Keys
    settings: Settings
    actor: str = COMMAND_LINE


Query = tuple[Statement, Mapping[str, Any]]


class ReadTransaction(Protocol):
    """Reads of one connection."""

    async def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """The first row, or None; every row is fetched."""

    async def all(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Every row."""

    async def gather(self, *queries: Query) -> Sequence[Sequence[Row]]:
        """Every row of each. None may depend on what another one writes: on PostgreSQL they are one statement."""


class Transaction(ReadTransaction, Protocol):
    """One unit of work: all of it is committed, or none."""

    mailbox_keys: dict[bytes, bytes]
    """What `db.mailbox_keys` has read in this transaction: one mailbox's events come several at a time."""

    async def run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Run a statement whose rows nobody needs; at the latest before the next that reads, and before the commit."""

    async def lock(self, *keys: bytes) -> None:
        """Hold these names until the end of the transaction, taken in one order by everybody; a no-op on SQLite."""

    async def notify(self, login_id: str | None) -> None:
        """After the commit, and only then, wake whoever waits for this login, on every replica; None: anything changed.

        Costs the commit on PostgreSQL its company: nothing that happens with each request may call it.
        """


Operation = Callable[[Transaction, CommandT, Context], Coroutine[Any, Any, T]]


class Database(Protocol):
    """An open database. `context` is set once the keys are known; `on_change` by whoever wakes held polls."""

    dialect: Dialect
    context: Callable[[], Context]
    on_change: OnChange

    async def write(self, operation: Operation[CommandT, T], command: CommandT) -> T:
        """Run an operation in a transaction of its own; the answer comes after the commit."""

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """The same without a context, for what must run before the keys are known."""

    async def read(self, query: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Run a query that writes nothing."""

    def in_use(self) -> int:
        """How many calls use it, or wait for it, in this process."""

    async def schema(self) -> SchemaState:
        """How the schema stands to this release's."""

    async def close(self) -> None:
        """Finish what was begun and let go."""


def unavailable(retry_after: int = 1) -> Refusal:
    """The answer when a dependency is down: nothing was granted, nothing changed [R48]."""
    return Refusal(
        ErrorCode.TEMPORARILY_UNAVAILABLE,
        N_("The service cannot answer right now; try again."),
        retry_after=retry_after,
    )


def ignore_change(_login_id: str | None) -> None:
    """The `on_change` of a process in which nobody waits."""


def no_context() -> Context:
    """The `context` before the keys are known."""
    raise RuntimeError("the database has no context yet: unlock it first")
