# SPDX-License-Identifier: Apache-2.0
"""The real command in a process of its own: started, asked, stopped, killed; what it printed is kept."""

import atexit
import contextlib
import functools
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from support.background import wait_until

SECRET_KEY = "5e" * 32
ROOMY = (
    "address_range=100000/60,device_key=1000/60,mailbox_mails=1000/900,"
    "mailbox_daily_mails=10000/86400,mailbox_live_logins=1000/3600"
)
"""Stories share one address, and few are about budgets."""

START_SECONDS = 30
STOP_SECONDS = 15


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@functools.cache
def _bytecode_folder() -> str:
    """Where no bytecode may lie beside the source, each of many starts would compile every library again."""
    folder = tempfile.TemporaryDirectory(prefix="counterfoil-bytecode-")
    atexit.register(folder.cleanup)
    return folder.name


class RunningService:
    """`counterfoil serve` and the other commands beside it, all with the same environment.

    `settings` are COUNTERFOIL_… variables in lower case without their prefix; None leaves one out. `public_url` is by
    default where this process listens; a replica is given its sibling's. `host` is where it listens, `within` a command
    that starts it elsewhere.
    """

    program: tuple[str, ...] = ("counterfoil_service",)
    """The module that is the command, and what stands before its own arguments."""
    host = "127.0.0.1"
    within: Sequence[str] = ()

    def __init__(self, folder: Path, port: int | None = None, /, **settings: str | None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        values: dict[str, str | None] = {
            "public_url": self.address,
            "secret_key": SECRET_KEY,
            "mail_url": "none:",
            "budgets": ROOMY,
        }
        values |= settings
        self.settings = {name: value for name, value in values.items() if value is not None}
        self.public_url = self.settings.get("public_url", self.address)
        self.log_file = folder / f"service-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def environ(self) -> Mapping[str, str]:
        """Nothing of ours comes from outside."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
        if kept.pop("PYTHONDONTWRITEBYTECODE", None):
            kept["PYTHONPYCACHEPREFIX"] = _bytecode_folder()
        return kept | {f"COUNTERFOIL_{name.upper()}": value for name, value in self.settings.items()}

    @property
    def log(self) -> str:
        """All that the process has printed so far."""
        return self.log_file.read_text("utf-8")

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None, "the service does not run"
        return self._process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        if kind is None:
            self.stop()
        else:
            self.kill()

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        self._process = self._popen()
        wait_until(self._ready, f"the service on port {self.port} to be ready", START_SECONDS)
        return self

    def stop(self) -> float:
        """SIGTERM; the exit must be clean and nothing it printed a traceback. How many seconds it took."""
        process, self._process = self._process, None
        assert process is not None, "the service does not run"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the service did not leave within {STOP_SECONDS} s of SIGTERM:\n{self.log}") from None
        took = time.monotonic() - began
        assert status == 0, f"the service left with status {status}:\n{self.log}"
        assert "Traceback" not in self.log, self.log
        return took

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        process, self._process = self._process, None
        assert process is not None, "the service does not run"
        process.kill()
        process.wait()

    def cli(self, *arguments: str, seconds: float = START_SECONDS) -> "subprocess.CompletedProcess[str]":
        """Another command with the same environment."""
        return subprocess.run(
            [sys.executable, "-m", *self.program, *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def told(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = self.cli(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused_start(self) -> str:
        """What `serve` says when it must not start: a sentence, an exit status, no traceback."""
        done = self.cli("serve", *self._listening)
        assert done.returncode not in {0, -signal.SIGTERM}, "the service started, though it must not"
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        assert done.stderr.startswith("error: "), done.stderr
        return done.stderr

    @property
    def _listening(self) -> Sequence[str]:
        return "--host", self.host, "--port", str(self.port)

    def _popen(self) -> "subprocess.Popen[bytes]":
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [*self.within, sys.executable, "-m", *self.program, "serve", *self._listening],
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the service ended by itself:\n{self.log}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
            try:
                connection.request("GET", f"{urlsplit(self.public_url).path}/health/ready")
                return connection.getresponse().status == http.client.OK
            finally:
                connection.close()
        return False
