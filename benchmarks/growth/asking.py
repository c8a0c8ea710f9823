# SPDX-License-Identifier: Apache-2.0
"""What devices and people ask: whole sign-ins by people who were here before, and renewals of sessions that live."""

import os
from random import Random
from typing import NamedTuple

from sqlalchemy import select

from benchmarks.growth.grown import APPS, Grown
from benchmarks.growth.history import DEVICES, Person
from benchmarks.growth.metering import Cost, Meter
from counterfoil_service.core import email_address
from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.core.grant import Grant
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest, unseal
from counterfoil_service.db import audit_pages, logins
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import parameter
from counterfoil_service.db.tables import outbox
from counterfoil_service.operations.approve_login import Approval, ApproveLogin, approve_login
from counterfoil_service.operations.collect_login import CollectLogin, collect_login
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.opener import Opener
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from counterfoil_service.operations.start_login import LoginStarted, start_login

PAGE = 100
_BYTES = 32
_LOOKED_AT = 5
_DEVICE, _BROWSER = "counterfoil-client/0.1", "Mozilla/5.0 (Linux; Android 16; Mobile)"
_OPENER = Opener(method="POST", source="198.51.100.7", source_range="198.51.100.0/24", user_agent=_BROWSER)
_MAIL = Statement(select(outbox.c.id, outbox.c.sealed_secret).where(outbox.c.login_id == parameter("login_id")))


class Asked(NamedTuple):
    """A sign-in under way; the secret is the one in the mail."""

    person: Person
    started: LoginStarted
    secret: str


class Askers:
    """All who use one service; whoever comes next is chance, the same each time."""

    def __init__(self, grown: Grown) -> None:
        self._database, self._history = grown.database, grown.history
        self._random = Random(grown.size)
        self._meter = Meter(grown.database)
        self._asked = list[tuple[Person, LoginStarted]]()
        self._tokens: dict[int, str | None] = {}

    async def round(self, count: int) -> dict[str, Cost]:
        """So many of each request, every step of all sign-ins before the next one; what one of each costs."""
        people, self._asked = self._people(count), []
        costs = {"send": await self._meter.each(self._send, [(person, command(person)) for person in people])}
        waiting = [Asked(*asked, await self._secret(asked[1].login_id)) for asked in self._asked]
        costs["approve"] = await self._meter.each(self._approve, waiting)
        costs["collect"] = await self._meter.each(self._collect, waiting)
        costs["refresh"] = await self._meter.each(self._refresh, self._sessions(count))
        costs["audit page, newest"] = await self._meter.each(self._page, [EventFilter()] * count)
        costs["audit page, person"] = await self._meter.each(self._page, self._filters(count))
        return costs

    def _people(self, count: int) -> list[Person]:
        some = self._random.sample(range(self._history.people), min(count, self._history.people))
        return [self._history.person(who, self._random.randrange(DEVICES)) for who in some]

    def _sessions(self, count: int) -> list[int]:
        """Logins whose sessions live, each once; about every other one does."""
        size = self._history.size
        some = self._random.sample(range(size), min(_LOOKED_AT * count, size))
        return [number for number in some if self._history.lives(number)][:count]

    def _filters(self, count: int) -> list[EventFilter]:
        """People of whom the log tells."""
        first = self._history.size - self._history.stories
        numbers = (self._random.randrange(first, self._history.size) for _ in range(count))
        return [EventFilter(subject=self._history.who(number).subject, until=self._history.now) for number in numbers]

    async def _send(self, asking: tuple[Person, StartLogin]) -> None:
        person, command = asking
        self._asked.append((person, await self._database.write(start_login, command)))

    async def _secret(self, login_id: str) -> str:
        row = await self._database.read(lambda tx: tx.one(_MAIL, {"login_id": login_id}))
        seal_key = self._database.context().keys.seal_outbox
        return unseal(seal_key, bytes(row[1]), associated=row[0].encode()).decode()

    async def _approve(self, asked: Asked) -> None:
        code = asked.started.user_code.replace("-", "")
        _expect(await self._database.write(approve_login, ApproveLogin(asked.secret, code, _OPENER)), Approval.APPROVED)

    async def _collect(self, asked: Asked) -> None:
        """As a poll does: look for the login, then trade it."""
        login = await self._database.read(logins.by_device_code, digest(asked.started.device_code))
        _expect(login is not None and login.id, asked.started.login_id)
        command = CollectLogin(asked.started.login_id, _proof(asked.person.jkt), APPS[asked.person.application])
        _expect(type(await self._database.write(collect_login, command)), Grant)

    async def _refresh(self, number: int) -> None:
        person = self._history.who(number)
        command = RefreshSession(
            token=self._tokens.get(number) or self._history.refresh_token(number),
            application=APPS[person.application],
            proof=_proof(person.jkt),
            evidence=None,
            scope=None,
            source=person.source,
            user_agent=_DEVICE,
        )
        grant = await self._database.write(refresh_session, command)
        _expect(type(grant), Grant)
        self._tokens[number] = grant.refresh_token if grant else None

    async def _page(self, wanted: EventFilter) -> None:
        seal_key = self._database.context().keys.seal_mailbox
        page = await self._database.read(audit_pages.page, seal_key, wanted, None, PAGE)
        if not page.events:
            raise ValueError("an empty page costs nothing that is meant")


def command(person: Person) -> StartLogin:
    """They ask for a link, with a fresh proof."""
    return StartLogin(
        application_id=person.application,
        address=email_address.parse(person.address),
        proof=_proof(person.jkt),
        scope=None,
        resource=None,
        device_label="Laptop",
        evidence=None,
        source=person.source,
        source_range=f"{person.source.rpartition('.')[0]}.0/24",
        user_agent=_DEVICE,
    )


def _proof(jkt: str) -> Proof:
    """As if it had been checked."""
    return Proof(jkt=jkt, replay_key=os.urandom(_BYTES), issued_at=0)


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise ValueError(f"not {expected!r} but {found!r}: another cost than meant would be measured")
