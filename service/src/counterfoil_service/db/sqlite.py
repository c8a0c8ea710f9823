# SPDX-License-Identifier: Apache-2.0
"""SQLite: one writer thread that groups commits, point reads inline on the loop.

The commit is the price, not the SQL: the writer takes all that is queued, runs each caller in a savepoint of its own
inside one `BEGIN IMMEDIATE` transaction, commits once with `synchronous=FULL`, and answers only then.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

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
from counterfoil_service.db.prepared import Dialect
from counterfoil_service.db.sqlite_job import Job, SqliteTransaction, told

T = TypeVar("T")

MAX_BATCH = 64
MAX_QUEUE = 1024
BUSY_TIMEOUT_SECONDS = 5
FOREIGN_COMMIT_CHECK_SECONDS = 1.0
CHECKPOINT_BYTES = 4 * 1024 * 1024
MAX_LOG_BYTES = 256 * 1024 * 1024
LOG_CHECK_SECONDS = 0.1

log = logging.getLogger(__name__)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun by us, or `BEGIN` would be deferred and deadlock."""
    # Addresses are in it: nobody but its owner reads it. The log beside it takes the same permissions.
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False)
    pragmas = ["journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0", "foreign_keys=ON", "trusted_schema=OFF"]
    with contextlib.ExitStack() as unless_all_goes_well:
        unless_all_goes_well.callback(connection.close)
        for pragma in [*pragmas, "query_only=ON"] if read_only else pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        unless_all_goes_well.pop_all()
    return connection


class SqliteDatabase:
    """Satisfies `Database`. Open it on the loop that will use it."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.context: Callable[[], Context] = no_context
        self.on_change: Callable[[str | None], None] = ignore_change
        self._loop = asyncio.get_running_loop()
        # Both here, so that a failure is the caller's and not a thread's that nobody sees.
        self._connection = connect(path)
        with contextlib.ExitStack() as unless_all_goes_well:
            unless_all_goes_well.callback(self._connection.close)
            self._reader = connect(path, read_only=True)
            unless_all_goes_well.pop_all()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._writer = threading.Thread(target=self._write_until_closed, name="counterfoil-writer", daemon=True)
        self._writer.start()
        self._checkpoints_end = threading.Event()
        self._checkpointer = threading.Thread(
            target=self._checkpoint_until_closed, name="counterfoil-checkpoint", daemon=True
        )
        self._checkpointer.start()

    async def write(self, operation: Operation[CommandT, T], command: CommandT) -> T:
        """Queue the operation for the next commit."""
        return await self.transact(lambda transaction: operation(transaction, command, self.context()))

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """The same without a context."""
        if self._closed or self._jobs.qsize() >= MAX_QUEUE or not self._writer.is_alive():
            raise unavailable()
        job = Job(work, self._loop.create_future())
        self._jobs.put(job)
        result: T = await job.future
        return result

    async def read(self, query: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Inline on the loop: a point read takes microseconds, a thread hop takes more."""
        if self._closed:
            raise unavailable()
        try:
            return await query(SqliteTransaction(self._reader), *args)
        except sqlite3.OperationalError as error:
            raise told(error) from None

    def in_use(self) -> int:
        """How many writes are queued: reads are inline, and over when anybody asks."""
        return self._jobs.qsize()

    async def schema(self) -> migrate.SchemaState:
        """How the schema stands to this release's."""
        return await asyncio.to_thread(migrate.state, self.path)

    async def close(self) -> None:
        """Commit what is queued, fold the log into the file, let go."""
        self._closed = True
        self._jobs.put(None)
        self._checkpoints_end.set()
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._checkpointer.join)
        self._reader.close()

    def _write_until_closed(self) -> None:
        connection = self._connection
        watch = _ForeignCommits(connection)
        open_, looked_at = True, 0.0
        while open_:
            batch, open_ = self._next_batch()
            if batch:
                self._commit(connection, batch)
            try:
                if not batch or time.monotonic() > looked_at + LOG_CHECK_SECONDS:
                    self._restart_log(connection, above=MAX_LOG_BYTES if batch else 0)
                    looked_at = time.monotonic()
                if watch.seen():
                    self._call_soon(self.on_change, None)
            except Exception:  # a writer that ended would leave every caller waiting for ever
                log.exception("the writer's housekeeping failed and goes on")
        connection.close()

    def _next_batch(self) -> tuple[list[Job], bool]:
        batch: list[Job] = []
        with contextlib.suppress(queue.Empty):
            job = self._jobs.get(timeout=FOREIGN_COMMIT_CHECK_SECONDS)
            while job is not None:
                batch.append(job)
                if len(batch) == MAX_BATCH:
                    return batch, True
                job = self._jobs.get_nowait()
            return batch, False
        return batch, True

    def _commit(self, connection: sqlite3.Connection, batch: list[Job]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                if job.future.cancelled():
                    continue
                job.run(connection)
                if not connection.in_transaction:
                    raise sqlite3.OperationalError("the transaction was lost")  # noqa: TRY301 - one way out for all
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - as above: whatever it is, these callers hear of it
            log.warning("a batch of %d writes was not committed: %s: %s", len(batch), type(error).__name__, error)
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            for job in batch:
                job.error = unavailable()
        self._call_soon(self._deliver, batch)

    def _deliver(self, done: list[Job]) -> None:
        for job in done:
            if job.error is None:
                for login_id in job.notified:
                    self.on_change(login_id)
            job.deliver()

    def _call_soon(self, callback: Callable[..., None], *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everybody who waited
            self._loop.call_soon_threadsafe(callback, *args)

    def _log_bytes(self) -> int:
        wal = Path(f"{self.path}-wal")
        return wal.stat().st_size if wal.exists() else 0

    def _restart_log(self, connection: sqlite3.Connection, *, above: int) -> None:
        """Only when nobody queues, or when the log has outgrown its cap; a reader or writer elsewhere puts it off."""
        if self._log_bytes() <= above:
            return
        with contextlib.suppress(sqlite3.Error):
            # It would wait for them as long as for a lock, and every write of this process with it.
            connection.execute("PRAGMA busy_timeout=0").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}").fetchall()

    def _checkpoint_until_closed(self) -> None:
        """Off the writer, so that no commit pays for it."""
        connection = connect(self.path)
        while not self._checkpoints_end.wait(0.5):
            if self._log_bytes() > CHECKPOINT_BYTES:
                with contextlib.suppress(sqlite3.OperationalError):
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        connection.close()


class _ForeignCommits:
    """Commits of other processes: `data_version` changes by them alone, as it is our writer that asks."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._read()
        self._next = time.monotonic() + FOREIGN_COMMIT_CHECK_SECONDS

    def _read(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def seen(self) -> bool:
        """Whether there was one since the last call; asked at most once a second."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + FOREIGN_COMMIT_CHECK_SECONDS
        before = self._version
        with contextlib.suppress(sqlite3.Error):  # asked again in a second
            self._version = self._read()
        return self._version != before
