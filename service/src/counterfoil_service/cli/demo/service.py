# SPDX-License-Identifier: Apache-2.0
"""The demo's service: a real `counterfoil serve` on a free loopback port, over a database that goes with the demo."""

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from counterfoil_service.app import system_clock
from counterfoil_service.cli.audit import story_lines
from counterfoil_service.cli.database import unlocked
from counterfoil_service.core.application import DEFAULT_SCOPES, Application
from counterfoil_service.db.audit import of_login
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.settings import PREFIX, Settings, load

CLIENT_ID = "counterfoil-demo"
START_SECONDS = 30
STOP_SECONDS = 5


# No proxy of this machine's settings stands between the demo's own parts.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


class DemoService:
    """`issuer` and `mail_folder` are all that the rest of the demo needs."""

    def __init__(self, folder: Path, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.mail_folder = folder / "mail"
        self.log = folder / "service.log"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {
            f"{PREFIX}PUBLIC_URL": self.issuer,
            f"{PREFIX}SECRET_KEY": secrets.token_hex(32),
            f"{PREFIX}DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
            f"{PREFIX}MAIL_URL": f"file:{quote(str(self.mail_folder))}",
            f"{PREFIX}MAIL_FROM": "Counterfoil demo <demo@counterfoil.example>",
        }

    @property
    def settings(self) -> Settings:
        """As the service reads them."""
        return load(self.environ)

    async def register_application(self) -> None:
        """Make the database and the one application of the demo."""
        application = Application(
            id=CLIENT_ID,
            name="Counterfoil Demo",
            scopes=DEFAULT_SCOPES,
            audiences=(),
            dpop="required",
            fingerprint="optional",
            created_at=system_clock(),
        )
        async with unlocked(self.settings) as database:
            await database.write(add_application, application)

    async def story(self, login_id: str) -> list[str]:
        """The login's story, as `counterfoil audit explain` tells it."""
        async with unlocked(self.settings) as database:
            seal_key = database.context().keys.seal_mailbox
            return story_lines(await database.read(of_login, seal_key, login_id))

    def _answers(self) -> bool:
        try:
            with direct.open(f"{self.issuer}/health/ready", timeout=1):
                return True
        except OSError:
            return False

    def wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Until it answers; DemoError when it ends or stays silent."""
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.05)
        raise DemoError(f"the service did not start:\n{self.log.read_text('utf-8', 'replace')}")


@contextlib.contextmanager
def running_service(folder: Path) -> Iterator[DemoService]:
    """Serve until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        service = DemoService(folder, listener.getsockname()[1])
        asyncio.run(service.register_application())
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "counterfoil_service", "serve", "--fd", str(listener.fileno())]
        with service.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, env=service.environ, cwd=folder, stdout=log, stderr=log, pass_fds=[listener.fileno()]
            )
    try:
        service.wait_until_ready(process)
        yield service
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        if process.poll() is None:
            process.kill()
            process.wait()
