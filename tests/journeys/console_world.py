# SPDX-License-Identifier: Apache-2.0
"""A service with a past of some hundred logins, or of as many as CONSOLE_LOGINS says, and people who work at it."""

import asyncio
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.console.past import Past
from benchmarks.console.seed import seed
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.operator import Role
from counterfoil_service.settings import load
from journeys.console_browser import Console, console
from journeys.databases import execute, rows
from support.mailserver import MailServer
from support.phone import Browser
from support.processes import RunningService

LOGINS = int(os.environ.get("CONSOLE_LOGINS", "400"))
FRESH_SECONDS = 150
"""For so long somebody comes back as who has signed in just now, and what takes a fresh sign-in is open to them."""
_NAMES: dict[Role, str] = {"operator": "olga", "auditor": "grace"}
"""Whoever comes back."""


class World:
    """One service, and whoever comes to its console. `past` is all that it has seen before."""

    def __init__(self, service: RunningService, past: Past | None, mail: MailServer, browser: Browser) -> None:
        self.service, self._past, self.mail, self._browser = service, past, mail, browser
        self.url = service.settings["database_url"]
        self._kept: dict[Role, tuple[float, Any]] = {}
        self._given = 20

    @property
    def past(self) -> Past:
        """Of a service that has one."""
        assert self._past is not None, "this one began just now"
        return self._past

    def hire(self, role: Role = "operator", address: str = "") -> str:
        """Somebody new with a role; their address."""
        address = address or f"{role}-{uuid.uuid4().hex[:8]}@example.com"
        self.service.told("operators", "add", address, "--role", role)
        return address

    @contextmanager
    def newcomer(
        self, role: Role = "operator", path: str = "", *, address: str = "", **options: Any
    ) -> Iterator[Console]:
        """Somebody new, signed in by mail and led to a page, in a browser of their own."""
        address = self.hire(role, address)
        with console(self._browser, self.mail, self.service, **options) as visitor:
            visitor.sign_in(address, path)
            yield visitor

    @contextmanager
    def visitor(self, role: Role = "operator", path: str = "", **options: Any) -> Iterator[Console]:
        """Somebody who signed in a while ago, and is back in the same browser."""
        signed_in_at, _ = self._kept.get(role, (-FRESH_SECONDS, None))
        if time.monotonic() - signed_in_at > FRESH_SECONDS:
            with self.newcomer(role, address=f"{_NAMES[role]}@example.com") as first:
                self._kept[role] = time.monotonic(), first.phone.run(first.phone.page.context.cookies())
        with console(self._browser, self.mail, self.service, **options) as visitor:
            visitor.phone.run(visitor.phone.page.context.add_cookies(self._kept[role][1]))
            visitor.visit(path)
            yield visitor

    def living(self) -> tuple[str, str]:
        """Address and subject of somebody with a living session, who is nobody's else: each is given once."""
        sql = (
            "SELECT address, id FROM users WHERE disabled_at IS NULL AND id IN"
            " (SELECT user_id FROM sessions WHERE ended_at IS NULL AND application_id LIKE 'app-%')"
            " ORDER BY created_at, id LIMIT 1 OFFSET "
        )
        self._given += 1
        ((address, subject),) = rows(self.url, f"{sql}{self._given}")
        return str(address), str(subject)

    def bounce(self, subject: str) -> None:
        """A mail to them came back for good a while ago."""
        row = "mailbox, address, 'bounced', 'postmark', '01M6GHHMHP0000000KW9CEBTKA', created_at"
        execute(self.url, f"INSERT INTO suppressions SELECT {row} FROM users WHERE id = '{subject}'")  # noqa: S608 - a subject of our own

    def grow_old(self) -> None:
        """Ten minutes pass since the last sign-in to the service's own pages."""
        newest = "(SELECT max(id) FROM sessions WHERE application_id = 'counterfoil')"
        execute(self.url, f"UPDATE sessions SET auth_time = auth_time - {600 * SECOND} WHERE id = {newest}")  # noqa: S608 - our own words


def seeded(service: RunningService, mail: MailServer, browser: Browser, logins: int = LOGINS) -> World:
    """Before it starts."""
    now = time.time_ns() // (1000 * SECOND) * SECOND
    past = asyncio.run(seed(load(service.environ), logins, now))
    return World(service, past, mail, browser)
