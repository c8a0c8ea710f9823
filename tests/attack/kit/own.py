# SPDX-License-Identifier: Apache-2.0
"""A deployment of our own to attack: one service on SQLite, or two on PostgreSQL behind nginx; mail comes to us."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from attack.enumeration_people import opened
from attack.kit.mailboxes import Sink
from attack.kit.target import Target
from counterfoil_service.core.application import Application
from counterfoil_service.operations.add_application import add_application
from journeys.databases import REDIRECT_URIS, Databases
from journeys.desktop import CLIENT_ID
from journeys.replicas import replicas
from support.background import LoopThread
from support.mail_reports import whsec
from support.mailserver import MailServer
from support.phone import Browser
from support.postgres import PostgresServer
from support.processes import RunningService

OpenBrowser = Callable[[], Browser | None]
TESTS = Path(__file__).resolve().parents[2]
BUDGETS = (
    "address_range=100000/60,device_key=20/60,range_opens=100000/60,range_tries=100000/60,range_refusals=100000/60"
)
"""All attacks come from one address. Those of mailboxes are the defaults: they are under attack, too."""

HOOK_SECRET = whsec("the attacked deployment's own")


def build_of(weakness: str | None) -> type[RunningService]:
    """The service as it is, or the build in which a weakness is planted."""
    if weakness is None:
        return RunningService
    planted = weakness

    class PlantedService(RunningService):
        """`python -m attack.planted NAME` in place of the command."""

        program = ("attack.planted", planted)

        @property
        def environ(self) -> Mapping[str, str]:
            """The builds lie beside the tests."""
            return {**super().environ, "PYTHONPATH": str(TESTS)}

    return PlantedService


def browser_in(stack: ExitStack) -> OpenBrowser:
    """A Chromium for a whole run, started when it is first asked for; None where there is none."""

    @cache
    def opened() -> Browser | None:
        try:
            return stack.enter_context(Browser(stack.enter_context(LoopThread())))
        except AssertionError:
            return None

    return opened


@contextmanager
def single(chromium: OpenBrowser, weakness: str | None = None) -> Iterator[Target]:
    """One service on SQLite: starts in two seconds, and has no second process."""
    with ExitStack() as stack:
        folder = _folder(stack)
        mail = stack.enter_context(MailServer())
        url = f"sqlite:///{folder / 'attacked.db'}"
        service = build_of(weakness)(folder, database_url=url, mail_url=mail.url, **_settings())
        asyncio.run(register(service))
        stack.enter_context(service)
        yield _target(service.address, [], [service], mail, chromium)


@contextmanager
def pair(chromium: OpenBrowser, weakness: str | None = None) -> Iterator[Target]:
    """Two services on PostgreSQL behind nginx."""
    with ExitStack() as stack:
        folder = _folder(stack)
        server = PostgresServer(folder / "postgresql")
        stack.callback(server.stop)
        mail = stack.enter_context(MailServer())
        url = Databases(folder / "templates", server).fresh("postgresql", folder)
        built = build_of(weakness)
        running = stack.enter_context(replicas(folder, url, 2, built, mail_url=mail.url, **_settings()))
        addresses = [service.address for service in running.services]
        yield _target(running.address, addresses, running.services, mail, chromium)


def _settings() -> dict[str, Any]:
    return {"budgets": BUDGETS, "mail_webhooks": f"hook={HOOK_SECRET}", "audit_delay": "1"}


def _folder(stack: ExitStack) -> Path:
    return Path(
        stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-attack-", ignore_cleanup_errors=True))
    )


async def register(service: RunningService) -> None:
    """The application, before the service runs: in this process, as a command takes a second."""
    async with opened(service) as database:
        now, uris = database.context().now, REDIRECT_URIS
        made = Application(CLIENT_ID, "Desk App", ("email",), (), "required", "optional", now, redirect_uris=uris)
        await database.write(add_application, made)


def _target(
    url: str, addresses: list[str], services: list[RunningService], mail: MailServer, chromium: OpenBrowser
) -> Target:
    first = services[0]
    return Target(
        url=url,
        issuer=first.public_url,
        client_id=CLIENT_ID,
        mailboxes=Sink(mail),
        redirect_uri=REDIRECT_URIS[0],
        replicas=addresses,
        database_url=first.settings["database_url"],
        log_files=[service.log_file for service in services],
        command=[sys.executable, "-m", *first.program],
        environ=dict(first.environ),
        hook_secret=HOOK_SECRET,
        browser=chromium,
        expendable=True,
    )
