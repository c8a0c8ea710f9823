# SPDX-License-Identifier: Apache-2.0
"""Everybody's mailbox, filled by a mail server that is a process of its own."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path

from chaos import mail_process
from chaos.mail_process import SLOW
from support.background import wait_until
from support.processes import free_port

_LOOK_SECONDS = 0.1


class Mailbox:
    """Letters outlive the server."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._letters, self._slow = folder / "letters", folder / SLOW
        self._letters.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the server."""
        assert self._process is not None, "the mail server does not run"
        return self._process.pid

    @property
    def delivered(self) -> AbstractSet[str]:
        """Every address that had a link."""
        return {path.name for path in self._letters.iterdir()}

    @property
    def repeated(self) -> int:
        """Mails that came once more, which at least once allows."""
        files = (path.read_text("ascii").splitlines() for path in self._letters.iterdir())
        return sum(len(lines) - len(set(lines)) for lines in files)

    def start(self) -> None:
        """On the same port each time."""
        command = [sys.executable, mail_process.__file__, str(self.port), str(self._letters)]
        tests = Path(mail_process.__file__).resolve().parents[1]
        self._process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(tests)})
        wait_until(self._listens, "the mail server")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def kill(self) -> None:
        """SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def slow(self, seconds: float) -> None:
        """Take so long for each mail; 0 is well again."""
        if seconds:
            self._slow.write_text(str(seconds), "ascii")
        else:
            self._slow.unlink(missing_ok=True)

    async def secret_to(self, address: str) -> str:
        """The newest link, once there is one."""
        while True:
            with contextlib.suppress(OSError):
                lines = (self._letters / address).read_text("ascii").splitlines()
                if lines:
                    return lines[-1].split(" ")[0]
            await asyncio.sleep(_LOOK_SECONDS)
