# SPDX-License-Identifier: Apache-2.0
"""What the commands share: settings, an unlocked database, and output for people and for programs."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from counterfoil_service.app import system_clock
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.db import migrate
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.unlock import WrongSecretKeyError, unlock
from counterfoil_service.settings import Settings, SettingsError, load, read_dotenv

T = TypeVar("T")
_UNFOLDED = 400

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def fail(message: str) -> NoReturn:
    """Say what is wrong and what to do, on standard error, and end with status 1."""
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {_escaped(message)}", soft_wrap=True)
    sys.exit(1)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def settings_or_fail() -> Settings:
    """Settings from the environment, a `.env` in the working directory behind it."""
    try:
        return load({**read_dotenv(Path(".env")), **os.environ})
    except SettingsError as error:
        fail("the settings are not right:\n" + "\n".join(f"  - {problem}" for problem in error.problems))


def named(error: Exception, settings: Settings) -> str:
    """The error's type and text; the type alone where the text repeats the database's password."""
    password = urlsplit(settings.database_url.reveal()).password
    text = str(error)
    return type(error).__name__ if not text or (password and password in text) else f"{type(error).__name__}: {text}"


async def prepare_schema(database: Database, settings: Settings) -> None:
    """Migrate a SQLite file; refuse a PostgreSQL database that is behind, as several replicas may be on it."""
    if await database.migrated():
        return
    path = sqlite_path(settings.database_url.reveal())
    if path is None:
        fail("the PostgreSQL schema is not this release's: run `counterfoil migrate` once, then start again")
    await asyncio.to_thread(migrate.move, path)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, open and migrated but still locked; what can go wrong ends the command with a sentence."""
    path = sqlite_path(settings.database_url.reveal())
    if path is not None and not path.parent.is_dir():
        fail(f"the folder of the database does not exist: make {path.parent}, or change COUNTERFOIL_DATABASE_URL")
    try:
        database = await open_database(settings.database_url.reveal())
    except Refusal:
        fail("PostgreSQL does not answer at COUNTERFOIL_DATABASE_URL: is it up, and are host, user and password right?")
    except Exception as error:  # noqa: BLE001 - whatever the driver raises: say it and end
        fail(f"the database cannot be opened ({named(error, settings)}): check COUNTERFOIL_DATABASE_URL")
    try:
        await prepare_schema(database, settings)
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


def show_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(msgspec.json.encode(value).decode())


def show_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str], nothing: str) -> None:
    """A table for people; a sentence when it would be empty."""
    if not rows:
        click.echo(nothing)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(_cell(row.get(column))) for column in columns))
    console = Console(highlight=False)
    # Into a pipe or file there is no width to fit: nothing is folded for it.
    console.width = console.width if console.is_terminal else _UNFOLDED
    console.print(table)


def moment(microseconds: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(microseconds / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value) or "-"
    return "-" if value is None or value == "" else str(value)
