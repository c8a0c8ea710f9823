# SPDX-License-Identifier: Apache-2.0
"""Open a database by its URL."""

from pathlib import Path

from counterfoil_service.db.engine import Database
from counterfoil_service.db.sqlite import SqliteDatabase

SQLITE = "sqlite:///"


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL, None for PostgreSQL."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


async def open_database(url: str) -> Database:
    """Open it on the running loop; raises a Refusal of 503 kind when it does not answer."""
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path)
    from counterfoil_service.db.postgresql import PostgresqlDatabase

    return await PostgresqlDatabase.open(url)
