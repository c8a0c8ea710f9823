# SPDX-License-Identifier: Apache-2.0
"""The whole service in the test's own loop: real database, real mail files, real routes; the clock is ours."""

import contextlib
import email
import email.policy
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from sqlalchemy import text

from counterfoil_service.app import Service
from counterfoil_service.core import budget
from counterfoil_service.core.application import Application
from counterfoil_service.db import audit, migrate
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.prepared import Statement
from counterfoil_service.limiting.replay import ProcessReplayMemory
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.operations.forget_old import forget_old
from counterfoil_service.operations.sweep import sweep
from counterfoil_service.settings import Secret, Settings
from counterfoil_service.watching import Watching
from support.device import DEVICE_CODE_GRANT, Device

ISSUER = "https://id.example"
SECOND = 1_000_000
START = 1_795_000_000 * SECOND
ROOMY = "address_range=100000/60"
"""Budgets of most tests: they all call from one address."""


class Clock:
    """Microseconds UTC, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * SECOND)


@dataclass
class Asked:
    """What a device was told, and what only it knows."""

    device: Device
    device_code: str
    user_code: str
    login_id: str


class Stage:
    """A service and the people around it."""

    def __init__(self, service: Service, client: httpx2.AsyncClient, clock: Clock, mail_folder: Path) -> None:
        self.service = service
        self.database: Database = service.services.database
        self.client = client
        self.clock = clock
        self.mail_folder = mail_folder
        self.issuer = service.services.settings.public_url

    def device(self) -> Device:
        """A device with a key of its own."""
        return Device(self.issuer, self.clock)

    async def add_application(self, client_id: str, **changes: Any) -> Application:
        """Register an application."""
        values: dict[str, Any] = {
            "id": client_id,
            "name": "Desk App",
            "scopes": ("email",),
            "audiences": (),
            "dpop": "required",
            "fingerprint": "optional",
            "created_at": self.clock(),
        }
        application = Application(**(values | changes))
        await self.database.write(add_application, application)
        return application

    async def ask(self, device: Device, address: str = "ada@example.com", **fields: str) -> httpx2.Response:
        """Ask for a link."""
        form = {"client_id": "desk-app", "login_hint": address} | fields
        return await device.post(self.client, "/oauth/device_authorization", form)

    async def start(self, address: str = "ada@example.com", device: Device | None = None, **fields: str) -> Asked:
        """Ask for a link and be given one."""
        device = device or self.device()
        response = await self.ask(device, address, **fields)
        assert response.status_code == 200, response.text
        answer = response.json()
        return Asked(device, answer["device_code"], answer["user_code"], answer["login_id"])

    async def mails(self) -> list[EmailMessage]:
        """Let the outbox work, then read every mail so far, oldest first."""
        await self.service.outbox.work()
        return [_read(path) for path in sorted(self.mail_folder.glob("*.eml"))]

    async def secret(self) -> str:
        """The link secret of the newest mail with a sign-in link."""
        return await self._newest("/l/")

    async def notice_secret(self) -> str:
        """That of the newest notice of a new device."""
        return await self._newest("/n/")

    async def _newest(self, kind: str) -> str:
        links = [link_of(mail) for mail in await self.mails()]
        return [each for each in links if kind in each][-1].rpartition("/")[2]

    async def open(self, secret: str, method: str = "GET", **headers: str) -> httpx2.Response:
        """Open the link."""
        return await self.client.request(method, f"/l/{secret}", headers=headers)

    async def decide(
        self, secret: str, action: str, user_code: str | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Press a button on the link page."""
        form = {"secret": secret, "action": action} | ({} if user_code is None else {"user_code": user_code})
        return await self.client.post("/l", data=form, headers=headers)

    async def poll(
        self, asked: Asked, device: Device | None = None, *, wait: int | None = None, **fields: str
    ) -> httpx2.Response:
        """Poll once."""
        form = {"grant_type": DEVICE_CODE_GRANT, "client_id": "desk-app", "device_code": asked.device_code} | fields
        headers = {} if wait is None else {"Prefer": f"wait={wait}"}
        return await (device or asked.device).post(self.client, "/oauth/token", form, headers)

    async def approved(self, address: str = "ada@example.com", device: Device | None = None, **fields: str) -> Asked:
        """A login that a person has just approved."""
        asked = await self.start(address, device, **fields)
        response = await self.decide(await self.secret(), "approve", asked.user_code)
        assert response.status_code == 200, response.text
        return asked

    async def sweep(self) -> None:
        """Let the sweeper pass once."""
        await self.database.write(sweep, 1000)
        await self.database.write(forget_old, 1000)

    @property
    def proofs(self) -> ProcessReplayMemory:
        """Those that the process has seen."""
        memory = self.service.services.shared.replay
        assert isinstance(memory, ProcessReplayMemory)
        return memory

    async def events(self, login_id: str) -> list[StoredEvent]:
        """The audit events of one login."""
        return await self.database.read(audit.of_login, self.service.services.keys.seal_mailbox, login_id)

    async def names(self, login_id: str) -> list[str]:
        """Their names."""
        return [stored.event.name.value for stored in await self.events(login_id)]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Any query, for what a test wants to know."""
        statement = Statement(text(sql))
        return [tuple(row) for row in await self.database.read(lambda tx: tx.all(statement, {}))]

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int((await self.rows(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608 - a name from the test


def link_of(message: EmailMessage) -> str:
    """The one link in a mail's text part."""
    part = message.get_body(("plain",))
    assert part is not None
    links = re.findall(r"https?://\S+", part.get_content())
    assert len(links) == 1
    return str(links[0])


def settings_for(url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of a test's service."""
    values: dict[str, Any] = {
        "public_url": ISSUER,
        "secret_key": Secret("5e" * 32),
        "database_url": Secret(url),
        "mail_url": Secret(f"file:{folder / 'mail'}"),
        "mail_from": "Counterfoil <sign-in@id.example>",
        "budgets": budget.parse(ROOMY),
    }
    return Settings(**(values | changes))


async def migrated(url: str) -> Database:
    """An open database at head."""
    path = sqlite_path(url)
    if path is None:
        if await migrate.state_postgresql(url) != "current":
            await migrate.move_postgresql(url)
    elif path.exists():
        migrate.move(path)
    else:
        path.write_bytes(_migrated_file())
    return await open_database(url)


@cache
def _migrated_file() -> bytes:
    """Of SQLite at head: a copy takes a fiftieth of what migrating takes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        migrate.move(path)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.serialize()


@contextlib.asynccontextmanager
async def stage_on(
    url: str, folder: Path, *, watched: Callable[[Settings], Watching] = Watching, **changes: Any
) -> AsyncIterator[Stage]:
    """A service over `url`, with the public application `desk-app`; workers run only when a test lets them."""
    settings = settings_for(url, folder, **changes)
    clock = Clock()
    database = await migrated(url)
    try:
        service = await Service.start(settings, database, clock=clock, watching=watched(settings))
        app: Any = service.watching.around(service.app)  # httpx2 and Litestar each have their own types for ASGI
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.10", 40000))
        async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            stage = Stage(service, client, clock, folder / "mail")
            await stage.add_application("desk-app")
            yield stage
        service.services.places.close()
    finally:
        await database.close()


def _read(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


OpenStage = Callable[..., contextlib.AbstractAsyncContextManager[Stage]]
