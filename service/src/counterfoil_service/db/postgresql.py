# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL by asyncpg: one transaction a write, one LISTEN connection a process, retries where a race is honest."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import asyncpg

from counterfoil_service.db import migrate
from counterfoil_service.db.engine import (
    CommandT,
    Context,
    Operation,
    Transaction,
    ignore_change,
    no_context,
    unavailable,
)
from counterfoil_service.db.postgresql_transaction import CHANNEL, PostgresqlTransaction
from counterfoil_service.db.prepared import Dialect

T = TypeVar("T")

POOL_SIZE = 8
MAX_QUEUE = 1024
ATTEMPTS = 3
COMMAND_TIMEOUT_SECONDS = 10
PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
"""Each statement is planned once, and by its index: a test holds that all have one.

The server would otherwise plan for the tables as it knows them, which in a young database is empty, keep to that while
they grow, and plan some statements anew each time, which costs more than they do.
"""
LISTEN_CHECK_SECONDS = 5
RETRIED_CONSTRAINTS = frozenset({"uq_logins_one_pending", "pk_mailbox_keys"})
"""Two raced for what both had found free: whoever begins anew finds the other's."""

log = logging.getLogger(__name__)

_DOWN = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
         asyncpg.InsufficientResourcesError, asyncpg.CannotConnectNowError, TimeoutError,
         asyncpg.InvalidAuthorizationSpecificationError, asyncpg.ReadOnlySQLTransactionError,
         asyncpg.InternalClientError)  # what asyncpg says of a connection that was just told to end  # fmt: skip
_RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def _told(error: BaseException) -> BaseException:
    """What a caller hears: 503 when the server does not answer; the error itself when asyncpg refused our values."""
    if isinstance(error, ValueError):
        return error
    log.warning("the database does not answer: %s", type(error).__name__)
    return unavailable()


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """Its reset would be a second round trip a request; nothing here sets session state (a test greps for it)."""

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""


async def _run(transaction: PostgresqlTransaction, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
    try:
        result = await work(transaction)
        await transaction.commit()
    except BaseException:
        await transaction.roll_back()
        raise
    return result


class PostgresqlDatabase:
    """Satisfies `Database`."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str, pool: Any) -> None:
        self.url = url
        self.context: Callable[[], Context] = no_context
        self.on_change: Callable[[str | None], None] = ignore_change
        self._pool = pool
        self._queued = 0
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, url: str) -> "PostgresqlDatabase":
        """Connect; raises a Refusal of 503 kind when the server does not answer."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=POOL_SIZE,
                connection_class=_Connection,
                server_settings=PLANNING,
                command_timeout=COMMAND_TIMEOUT_SECONDS,
            )
        except (*_DOWN, asyncpg.PostgresError) as error:
            raise unavailable() from error
        return cls(url, pool)

    async def write(self, operation: Operation[CommandT, T], command: CommandT) -> T:
        """One transaction; the context is stamped anew at each try."""
        return await self.transact(lambda transaction: operation(transaction, command, self.context()))

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """The same without a context."""
        for _ in range(ATTEMPTS):
            try:
                async with self._connection() as connection:
                    return await _run(PostgresqlTransaction(connection), work)
            except _RETRIED:
                continue
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name not in RETRIED_CONSTRAINTS:
                    raise
            except _DOWN as error:
                raise _told(error) from None
        raise unavailable()

    async def read(self, query: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Run a query on a connection of its own."""
        try:
            async with self._connection() as connection:
                return await query(PostgresqlTransaction(connection, read_only=True), *args)
        except _DOWN as error:
            raise _told(error) from None

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """One of the pool's; beyond a bound nobody queues for one."""
        if self._queued >= MAX_QUEUE:
            raise unavailable()
        self._queued += 1
        try:
            async with self._pool.acquire(timeout=COMMAND_TIMEOUT_SECONDS) as connection:
                yield connection
        finally:
            self._queued -= 1

    def in_use(self) -> int:
        """How many have a connection of the pool, or wait for one."""
        return self._queued

    async def schema(self) -> migrate.SchemaState:
        """How the schema stands to this release's."""
        return await migrate.state_postgresql(self.url)

    async def close(self) -> None:
        """Stop listening, close the pool."""
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._pool.close(), COMMAND_TIMEOUT_SECONDS)

    async def _listen(self) -> None:
        """Hold one LISTEN connection; after every reconnect wake everybody, as notices may have been missed."""
        while True:
            try:
                await self._listen_once()
            except (*_DOWN, asyncpg.PostgresError) as error:
                log.warning("nothing is heard from the database: %s", type(error).__name__)
            except Exception:
                log.exception("listening to the database failed and goes on")
            await asyncio.sleep(1)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self.url, timeout=COMMAND_TIMEOUT_SECONDS)
        try:
            await connection.add_listener(CHANNEL, self._notified)
            self.on_change(None)
            while not connection.is_closed():
                await asyncio.sleep(LISTEN_CHECK_SECONDS)
                await connection.execute("SELECT 1", timeout=COMMAND_TIMEOUT_SECONDS)
        finally:
            connection.terminate()

    def _notified(self, _connection: object, _pid: int, _channel: str, login_id: str) -> None:
        self.on_change(login_id or None)
