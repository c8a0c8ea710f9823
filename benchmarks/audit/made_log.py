# SPDX-License-Identifier: Apache-2.0
"""One log that is made to a size and grows on: rows as `audit.append` writes them, sealed as the sealer does it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from random import Random

import msgspec

from benchmarks.audit.sign_ins import Happened, happenings
from benchmarks.audit.written import Written
from benchmarks.harness.bulk import put
from counterfoil_service.audit.sealer import BATCH
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, mailbox_keys, migrate
from counterfoil_service.db.engine import Context, Database, Transaction
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.sqlite_job import drive
from counterfoil_service.db.unlock import unlock
from counterfoil_service.operations.seal_events import seal_events
from counterfoil_service.settings import Secret, Settings

START = 1_795_000_000 * SECOND
SECRET_KEY = "5e" * 32
PUBLIC_URL = "https://id.example"
_STEP = 10_000


class MadeLog:
    """The same sign-ins as in every other of its kind, as far as it goes."""

    def __init__(self, size: int, url: str, database: Database) -> None:
        self.size, self.url, self.database = size, url, database
        keys = database.context().keys
        self._happenings = happenings(START, 1, lambda address: keyed(keys.mailbox, address.encode()))
        self._mailboxes: set[bytes] = set()

    async def fill(self) -> None:
        """Grow to its size."""
        written = Written()
        for done in range(0, self.size, _STEP):
            step = min(_STEP, self.size - done)
            context = self.database.context()
            for happened in islice(self._happenings, step):
                if happened.mailbox not in self._mailboxes:
                    self._mailboxes.add(happened.mailbox)
                    drive(mailbox_keys.ensure(written, _at(context, happened), happened.mailbox))
                drive(append_all(written, [happened], context))
            for table, rows in written.take().items():
                await put(self.url, table, rows)
            await self.seal_all()

    async def next(self, count: int) -> list[Happened]:
        """The next events, not written yet; whose mailbox was never met has its key now."""
        coming = list(islice(self._happenings, count))
        for happened in coming:
            if happened.mailbox not in self._mailboxes:
                self._mailboxes.add(happened.mailbox)
                await self.database.write(_ensure, happened)
        return coming

    async def seal_all(self) -> None:
        """Leave nothing unsealed."""
        while (await self.database.write(seal_events, BATCH)).count == BATCH:
            pass


async def append_all(tx: Transaction, coming: Sequence[Happened], context: Context) -> None:
    """An operation that writes all of them, each at its own time."""
    for happened in coming:
        await audit.append(tx, _at(context, happened), happened.event, mailbox=happened.mailbox)


@asynccontextmanager
async def open_log(size: int, url: str) -> AsyncIterator[MadeLog]:
    """An empty one, in a database without any table yet."""
    path = sqlite_path(url)
    if path is None:
        await migrate.move_postgresql(url)
    else:
        migrate.move(path)
    database = await open_database(url)
    try:
        settings = Settings(public_url=PUBLIC_URL, secret_key=Secret(SECRET_KEY), database_url=Secret(url))
        await unlock(database, settings, clock=lambda: START, entropy=Random(1).randbytes)
        yield MadeLog(size, url, database)
    finally:
        await database.close()


async def _ensure(tx: Transaction, happened: Happened, context: Context) -> None:
    await mailbox_keys.ensure(tx, _at(context, happened), happened.mailbox)


def _at(context: Context, happened: Happened) -> Context:
    return msgspec.structs.replace(context, now=happened.time)
