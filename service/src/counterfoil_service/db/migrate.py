# SPDX-License-Identifier: Apache-2.0
"""Schema migrations by Alembic, its Config built in code so that the wheel and the repository run the same way.

How a schema stands is asked at every start, and found without Alembic: it holds a seventh of an idle process's memory.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

SchemaState = Literal["empty", "older", "current", "newer"]

_PACKAGE = Path(__file__).resolve().parent.parent
_ADVISORY_LOCK = 0x436F756E746572  # "Counter": one migrating replica at a time
_STAMP = "SELECT max(version_num) FROM alembic_version"


def script_location() -> Path:
    """`_alembic` beside the package when it came as a wheel, else the repository's `alembic/`."""
    shipped = _PACKAGE / "_alembic"
    return shipped if shipped.exists() else _PACKAGE.parents[2] / "alembic"


def config(connection: "Connection | None" = None) -> "Config":
    """Alembic's Config for this connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(script_location()))
    made.attributes["connection"] = connection
    return made


def revisions() -> list[str]:
    """Those that this release knows, oldest first: the names of their files begin with them."""
    return sorted(path.name.partition("_")[0] for path in (script_location() / "versions").glob("[0-9]*_*.py"))


def head() -> str:
    """The revision of this release."""
    known = revisions()
    if not known:
        raise RuntimeError(f"no migrations in {script_location()}")
    return known[-1]


def _state(current: str | None) -> SchemaState:
    if current is None:
        return "empty"
    if current == head():
        return "current"
    return "older" if current in revisions() else "newer"


def _current(connection: "Connection") -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _move(connection: "Connection", revision: str) -> None:
    from alembic import command
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
    before = _current(connection)
    older = revision[:1].isdigit() and before is not None and revision < before
    if older or revision == "base" or revision.startswith("-"):
        command.downgrade(config(connection), revision)
    else:
        command.upgrade(config(connection), revision)


def move(path: Path, revision: str = "head") -> None:
    """Bring a SQLite file to `revision`, in one transaction; a new one is its owner's alone."""
    path.touch(mode=0o600)
    with sqlite_engine(path).begin() as connection:
        _move(connection, revision)


def state(path: Path) -> SchemaState:
    """How a SQLite file's schema stands to this release's."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        return _state(connection.execute(_STAMP).fetchone()[0] if there else None)


async def move_postgresql(url: str, revision: str = "head") -> None:
    """Bring a PostgreSQL database to `revision`, in one transaction."""
    engine = _postgresql_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_move, revision)
    finally:
        await engine.dispose()


async def state_postgresql(url: str) -> SchemaState:
    """How a PostgreSQL database's schema stands to this release's."""
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        there = await connection.fetchval("SELECT to_regclass('alembic_version')")
        return _state(await connection.fetchval(_STAMP) if there else None)
    finally:
        await connection.close()


def sqlite_engine(path: Path) -> "Engine":
    """A SQLAlchemy engine for schema work on a SQLite file, whose DDL is transactional."""
    from sqlalchemy import NullPool, create_engine, event

    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path, isolation_level=None), poolclass=NullPool)
    # The driver would otherwise commit before each DDL statement: a failed migration must leave nothing behind.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _postgresql_engine(url: str) -> "AsyncEngine":
    import asyncpg
    from sqlalchemy import NullPool
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool)
