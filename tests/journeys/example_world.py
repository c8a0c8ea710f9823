# SPDX-License-Identifier: Apache-2.0
"""What the examples need around them: a service that knows their applications, and a process for each of them."""

import http.client
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import types
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from support.background import wait_until
from support.mailserver import MailServer
from support.processes import RunningService, free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
START_SECONDS = 30
STOP_SECONDS = 15


class ExampleProcess:
    """`python examples/NAME.py` with an environment of its own, listening on the port of `url`."""

    def __init__(self, name: str, url: str, folder: Path, **environ: str) -> None:
        self.url = url
        self.log_file = folder / f"{name}.log"
        self._port = int(url.rpartition(":")[2])
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(EXAMPLES / f"{name}.py")],
                cwd=folder,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """All that it has printed so far."""
        return self.log_file.read_text("utf-8")

    def __enter__(self) -> Self:
        wait_until(self._listens, f"{self.log_file.stem} to listen", START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        if kind is None:
            assert "Traceback" not in self.log, self.log

    def _listens(self) -> bool:
        assert self._process.poll() is None, f"it ended by itself:\n{self.log}"
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
            try:
                connection.request("GET", "/")
                return connection.getresponse().status > 0
            finally:
                connection.close()
        return False


class World:
    """A service on SQLite whose operator did what the first lines of each example say."""

    def __init__(self, folder: Path, mail: MailServer) -> None:
        self.folder = folder
        self.mail = mail
        self.api_url = f"http://127.0.0.1:{free_port()}"
        self.site_url = f"http://127.0.0.1:{free_port()}"
        self.service = RunningService(folder, database_url=f"sqlite:///{folder}/counterfoil.db", mail_url=mail.url)
        self.issuer = self.service.public_url
        self.service.told(*self._registration("terminal_app"), "--json")
        added = json.loads(self.service.told(*self._registration("web_app"), "--json"))
        self.site_secret = str(added["client_secret"])
        reader = ("--scope", "notes:read", "--audience", self.api_url)
        self.service.told("applications", "add", "Reader", "--client-id", "reader", *reader)

    @property
    def api(self) -> ExampleProcess:
        """The protected API."""
        return ExampleProcess("protected_api", self.api_url, self.folder, ISSUER=self.issuer, API_URL=self.api_url)

    @property
    def site(self) -> ExampleProcess:
        """The website."""
        environ = {"ISSUER": self.issuer, "SITE_URL": self.site_url, "CLIENT_SECRET": self.site_secret}
        return ExampleProcess("web_app", self.site_url, self.folder, **environ)

    def _registration(self, name: str) -> list[str]:
        """The arguments of the command that an example's first lines show, with the addresses of this run."""
        command = registration(EXAMPLES / f"{name}.py")
        command = command.replace("http://127.0.0.1:8001", self.api_url).replace("http://127.0.0.1:8002", self.site_url)
        return shlex.split(command)[1:]


def registration(path: Path) -> str:
    """The `counterfoil applications add` that a file shows, on one line."""
    found = re.search(r"^ *(counterfoil applications add (?:.*\\\n)*.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{path.name} does not say how its application is registered"
    return " ".join(found[1].replace("\\\n", " ").split())


def example(name: str) -> types.ModuleType:
    """An example as a module, for the one that is driven from within."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
