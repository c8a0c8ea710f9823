# SPDX-License-Identifier: Apache-2.0
"""One service with its history: the operations on a database that is filled and settled, and a clock of its own."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.growth.backlog import Backlog
from benchmarks.growth.filling import fill
from benchmarks.growth.history import APPLICATIONS, History
from benchmarks.harness.bulk import settle
from counterfoil_service.core import budget
from counterfoil_service.core.application import Application
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import Keys
from counterfoil_service.db import migrate
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.unlock import unlock
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.operations.count_events import count_events
from counterfoil_service.settings import Secret, Settings

_COUNTED_AT_ONCE = 10_000
NOW = 1_795_000_000 * SECOND
TICK = 1_000
"""Microseconds from one request to the next."""
BUDGETS = budget.parse(
    "mailbox_mails=999999/900,mailbox_daily_mails=999999/86400,mailbox_live_logins=999999/3600,"
    "device_key=999999/60,address_range=999999/60,application=999999/60,service=999999/60"
)
APPS = {
    name: Application(name, name.title(), ("email",), (), "required", "optional", NOW)
    for name in (f"app-{number:02}" for number in range(APPLICATIONS))
}


class Grown:
    """Open, and what is known of all in it."""

    def __init__(self, history: History, url: str, database: Database) -> None:
        self.size, self.history, self.url, self.database = history.size, history, url, database


async def make(size: int, url: str, backlog: int) -> None:
    """In a database without any table yet; closed again. `backlog` rows of each kind wait for the sweeper."""
    path = sqlite_path(url)
    if path is None:
        await migrate.move_postgresql(url)
    else:
        migrate.move(path)
    async with _opened(url, BUDGETS) as (database, keys):
        for application in APPS.values():
            await database.write(add_application, application)
    history = History(size, NOW, keys)
    await fill(url, history.rows())
    await fill(url, Backlog(history, backlog).rows())
    async with _opened(url, BUDGETS) as (database, _):
        # As the sealer would have done, an event at a time.
        while (await database.write(count_events, _COUNTED_AT_ONCE)).entries:
            pass
    await settle(url)


@asynccontextmanager
async def opened(size: int, url: str, budgets: budget.Budgets = BUDGETS) -> AsyncIterator[Grown]:
    """What `make` made."""
    async with _opened(url, budgets) as (database, keys):
        yield Grown(History(size, NOW, keys), url, database)


@asynccontextmanager
async def _opened(url: str, budgets: budget.Budgets) -> AsyncIterator[tuple[Database, Keys]]:
    database = await open_database(url)
    try:
        settings = Settings(
            public_url="https://id.example", secret_key=Secret("5e" * 32), database_url=Secret(url), budgets=budgets
        )
        keys = await unlock(database, settings, clock=_Clock(), entropy=os.urandom)
        yield database, keys
    finally:
        await database.close()


class _Clock:
    """Goes on by a little at each look, so that no budget or limit depends on how fast the machine is."""

    def __init__(self) -> None:
        self._now = NOW

    def __call__(self) -> int:
        self._now += TICK
        return self._now
