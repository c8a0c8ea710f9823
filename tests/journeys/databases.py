# SPDX-License-Identifier: Apache-2.0
"""Databases for stories: migrated and with one application, copied from a template; read and written from outside."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import asyncpg

from journeys.desktop import CLIENT_ID
from support.postgres import PostgresServer, name_of
from support.processes import RunningService

T = TypeVar("T")
Engine = Literal["sqlite", "postgresql"]
APPLICATION_NAME = "Desk App"
APP_LINK = "https://127.0.0.1:65535/signed-in"
"""Nobody listens there, and no name is looked up for it."""

DEEP_LINK = "com.example.desk:/signed-in"
REDIRECT_URIS = ("http://127.0.0.1/callback", DEEP_LINK, APP_LINK)
REGISTRATION = (
    *("applications", "add", APPLICATION_NAME, "--client-id", CLIENT_ID),
    *(word for uri in REDIRECT_URIS for word in ("--redirect-uri", uri)),
)
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
}


class Databases:
    """Makes them. Commands take a second or more each: a copy takes milliseconds."""

    def __init__(self, folder: Path, postgres: PostgresServer) -> None:
        self._folder = folder
        self._postgres = postgres
        self._templates: dict[Engine, str] = {}

    def fresh(self, engine: Engine, folder: Path) -> str:
        """The URL of a database that `counterfoil` itself has migrated, with the application in it."""
        template = self._templates.get(engine) or self._make_template(engine)
        if engine == "sqlite":
            path = folder / "counterfoil.db"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(template.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        return self._postgres.copy_of(name_of(template))

    def _make_template(self, engine: Engine) -> str:
        folder = self._folder / engine
        url = f"sqlite:///{folder / 'template.db'}" if engine == "sqlite" else self._postgres.fresh_database()
        service = RunningService(folder, database_url=url)
        service.told("migrate")
        service.told(*REGISTRATION)
        self._templates[engine] = url
        return url


def rows(url: str, sql: str, *value: str) -> list[tuple[Any, ...]]:
    """Any query, from outside the service; `?` stands for the value."""
    if url.startswith("sqlite:///"):
        with contextlib.closing(_connect(url)) as connection:
            return [tuple(row) for row in connection.execute(sql, value).fetchall()]

    async def ask(connection: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.fetch(sql.replace("?", "$1"), *value)]

    return asyncio.run(_on_postgresql(url, ask))


def execute(url: str, sql: str) -> None:
    """Any statement: what stands for time passing, or for an administrator's hand."""
    if url.startswith("sqlite:///"):
        with contextlib.closing(_connect(url)) as connection:
            connection.execute(sql).fetchall()
        return

    async def run(connection: Any) -> None:
        await connection.execute(sql)

    asyncio.run(_on_postgresql(url, run))


def dump(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    engine = "sqlite" if url.startswith("sqlite:///") else "postgresql"
    return {name: rows(url, f'SELECT * FROM "{name}"') for (name,) in rows(url, _TABLES[engine])}  # noqa: S608 - its own names


def newest_login(url: str, address: str) -> str:
    """The login that somebody asked for last: a browser does not tell its id."""
    found = rows(url, "SELECT id FROM logins WHERE address = ? ORDER BY id DESC LIMIT 1", address)
    return str(found[0][0])


def sessions_of(url: str, login_id: str) -> int:
    """How many sessions came of a login."""
    return int(rows(url, "SELECT count(*) FROM sessions WHERE login_id = ?", login_id)[0][0])


def event_names(url: str, login_id: str) -> list[str]:
    """A login's audit events, in order."""
    found = rows(url, "SELECT name FROM audit_events WHERE login_id = ? ORDER BY position", login_id)
    return [str(name) for (name,) in found]


def mail_is_due(url: str) -> None:
    """The lease of a dead worker, or the wait before the next try, is over."""
    execute(url, "UPDATE outbox SET due_at = 0 WHERE state = 'queued'")


def _connect(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)


async def _on_postgresql(url: str, work: Callable[[Any], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(url)
    try:
        return await work(connection)
    finally:
        await connection.close()
