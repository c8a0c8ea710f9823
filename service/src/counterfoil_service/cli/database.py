# SPDX-License-Identifier: Apache-2.0
"""How commands come to their settings and to an open database; what can go wrong ends them with a sentence."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from counterfoil_service.app import system_clock
from counterfoil_service.cli.output import fail
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import migrate
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.unlock import WrongSecretKeyError, unlock
from counterfoil_service.settings import Settings, SettingsError, load, read_dotenv

T = TypeVar("T")

WRONG_SCHEMA = {
    "empty": "it has no tables yet; run `counterfoil migrate`",
    "older": "it is older than this release; run `counterfoil migrate`",
    "newer": "it is newer than this release; run the release that made it, or a later one",
}


def settings_or_fail() -> Settings:
    """Settings from the environment, a `.env` in the working directory behind it."""
    try:
        return load({**read_dotenv(Path(".env")), **os.environ})
    except SettingsError as error:
        fail("the settings are not right:\n" + "\n".join(f"  - {problem}" for problem in error.problems))


def cause_of(error: BaseException) -> str:
    """What lies behind an error: its type, and its text where no part of a URL, hence of a password, can be in it."""
    from alembic.util import CommandError
    from asyncpg import PostgresError

    cause = error.__cause__ or error
    name, text = type(cause).__name__, str(cause)
    speaks = isinstance(cause, sqlite3.Error | OSError | CommandError | PostgresError)
    return f"{name}: {text}" if speaks and text else name


async def prepare_schema(database: Database, settings: Settings, *, upgrade: bool = False) -> None:
    """Make the tables of a new SQLite file; step an older one up when asked to. PostgreSQL waits for `migrate`."""
    schema = await database.schema()
    path = sqlite_path(settings.database_url.reveal())
    if schema == "current":
        return
    if path is None or schema == "newer" or (schema == "older" and not upgrade):
        fail(f"the database's schema does not fit: {WRONG_SCHEMA[schema]}")
    try:
        await asyncio.to_thread(migrate.move, path)
    except Exception as error:  # noqa: BLE001 - whatever Alembic raises: say it and end
        fail(f"the schema was not changed ({cause_of(error)}): nothing was lost; check the file and its disk")


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, upgrade: bool = False) -> AsyncIterator[Database]:
    """The database, open and with this release's schema but still locked."""
    path = sqlite_path(settings.database_url.reveal())
    if path is not None and not path.parent.is_dir():
        fail(f"the folder of the database does not exist: make {path.parent}, or change COUNTERFOIL_DATABASE_URL")
    try:
        database = await open_database(settings.database_url.reveal())
    except Refusal as refusal:
        hint = "is it up, and are host, user, password and name right?"
        fail(f"PostgreSQL does not answer at COUNTERFOIL_DATABASE_URL ({cause_of(refusal)}): {hint}")
    except Exception as error:  # noqa: BLE001 - whatever the driver raises: say it and end
        fail(f"the database does not open ({cause_of(error)}): check COUNTERFOIL_DATABASE_URL")
    try:
        await prepare_schema(database, settings, upgrade=upgrade)
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def unlocked(settings: Settings) -> AsyncIterator[Database]:
    """The database, ready for operations."""
    async with opened(settings) as database:
        try:
            await unlock(database, settings, clock=system_clock, entropy=os.urandom)
        except WrongSecretKeyError as error:
            fail(str(error))
        yield database


def run(work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Run a command's work on an unlocked database; a Refusal ends it with its sentence."""

    async def main() -> T:
        async with unlocked(settings) as database:
            return await work(database)

    settings = settings_or_fail()
    try:
        return asyncio.run(main())
    except Refusal as refusal:
        fail(refusal.description)
