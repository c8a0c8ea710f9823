# SPDX-License-Identifier: Apache-2.0
"""Where the logs lie: SQLite files, or databases of a PostgreSQL that waits for its disk as it does in service."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from benchmarks.harness.figures import Engine
from support.postgres import PostgresServer

_AS_IN_SERVICE = ("ALTER SYSTEM RESET fsync", "ALTER SYSTEM RESET full_page_writes", "SELECT pg_reload_conf()")


class Home:
    """Makes empty databases of one engine; `about` is its version."""

    def __init__(self, folder: Path, server: PostgresServer | None) -> None:
        self._folder, self._server = folder, server
        self.about = f"SQLite {sqlite3.sqlite_version}" if server is None else asyncio.run(_prepared(server))

    @property
    def pid(self) -> int | None:
        """Of PostgreSQL's first process; None where there is no server."""
        return None if self._server is None else self._server.pid

    def fresh(self, name: str) -> str:
        """The URL of one."""
        return f"sqlite:///{self._folder / name}.db" if self._server is None else self._server.fresh_database()


@contextmanager
def home_of(engine: Engine) -> Iterator[Home]:
    """All of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-", ignore_cleanup_errors=True) as folder:
        if engine == "sqlite":
            yield Home(Path(folder), None)
            return
        server = PostgresServer(Path(folder))
        try:
            yield Home(Path(folder), server)
        finally:
            server.stop()


async def _prepared(server: PostgresServer) -> str:
    """The tests' server does not wait for the disk; this one does."""
    connection = await asyncpg.connect(server.url_of("postgres"))
    try:
        for sql in _AS_IN_SERVICE:
            await connection.execute(sql)
        return f"PostgreSQL {await connection.fetchval('SHOW server_version')}"
    finally:
        await connection.close()
