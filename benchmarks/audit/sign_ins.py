# SPDX-License-Identifier: Apache-2.0
"""A made-up but life-like log: people sign in to fifty applications, mistype, give up, renew sessions and leave.

The same events each time for the same seed. A larger log begins with the smaller one and knows more people, as a real
one does.
"""

import heapq
from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.identifiers import base64url, ulid
from counterfoil_service.core.login import SECOND

APPLICATIONS = 50
FIRST_PEOPLE = 200
NETWORKS = 2_000
SECONDS_BETWEEN = 30
"""Sign-ins begin so far apart on average: a million events take less than a month."""

_HOUR = 3_600
_PLACE: dict[str, str | int] = {"country": "DE", "network": "Example Net"}
_NEAR: dict[str, str | int] = {"seconds_since_mail": 41, "nearness": "same_country", **_PLACE}
_REFUSED: dict[str, Any] = {"outcome": "failure", "reason": "other_key"}
_CALLER = "counterfoil-client/0.1"
_BROWSER = "Mozilla/5.0 (Linux; Android 16; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"


class Happened(NamedTuple):
    """One event; its time in microseconds UTC, its number in order, whose mailbox seals what is personal in it."""

    time: int
    number: int
    event: AuditEvent
    mailbox: bytes


class Person(NamedTuple):
    """Somebody, as one application knows them."""

    address: str
    mailbox: bytes
    subject: str
    application: str
    jkt: str
    source: str


def happenings(start: int, seed: int, mailbox_of: Callable[[str], bytes]) -> Iterator[Happened]:
    """Events without end, from `start` on, in the order of their times."""
    random = Random(seed)
    under_way, number, sign_ins = list[Happened](), 0, 0
    met: set[str] = set()
    while True:
        start += round(random.expovariate(1 / SECONDS_BETWEEN) * SECOND)
        while under_way and under_way[0].time <= start:
            yield heapq.heappop(under_way)
        sign_ins += 1
        person = _person(random, FIRST_PEOPLE + sign_ins // 4, mailbox_of)
        for seconds, event in _SignIn(random, person, start, met).told():
            number += 1
            heapq.heappush(under_way, Happened(start + round(seconds * SECOND), number, event, person.mailbox))


def _person(random: Random, people: int, mailbox_of: Callable[[str], bytes]) -> Person:
    """Few sign in often and many seldom, each to three applications, from one of two networks."""
    who = int(people * random.random() ** 2)
    application = f"app-{(who * 7 + random.randrange(3)) % APPLICATIONS:02}"
    network = (who * 31 + random.randrange(2)) % NETWORKS
    address = f"person{who}@example.com"
    return Person(
        address=address,
        mailbox=mailbox_of(address),
        subject=base64url(sha256(address.encode()).digest()[:16]),
        application=application,
        jkt=base64url(sha256(f"{address} {application}".encode()).digest()),
        source=f"10.{network // 256}.{network % 256}.{1 + who % 250}",
    )


class _SignIn:
    """One, from its request to the end of its session."""

    def __init__(self, random: Random, person: Person, began: int, met: set[str]) -> None:
        self._random, self._person, self._met = random, person, met
        self._login, self._session = ulid(began, random.randbytes), ulid(began, random.randbytes)
        self._seconds = 0.0
        self._told: list[tuple[float, AuditEvent]] = []

    def told(self) -> list[tuple[float, AuditEvent]]:
        """Seconds since the request, and the event: 13 on average."""
        called = {"address": self._person.address, "device_label": "Somebody's laptop", **self._seen(_CALLER)}
        self._tell(0, EventName.LOGIN_REQUESTED, fields=_PLACE, personal=called)
        if self._chance(0.01):
            self._tell(0, EventName.MAIL_SUPPRESSED, outcome="failure", reason="over_budget", jkt=None)
            self._tell(600, EventName.LOGIN_EXPIRED)
            return self._told
        self._mail("attempt")
        if self._chance(0.2):
            self._open(1, EventName.LOGIN_LINK_OPENED, {"method": "HEAD", "automation": "too_soon"})
        if self._chance(0.04):
            self._tell(600, EventName.LOGIN_EXPIRED)
            return self._told
        self._open(15, EventName.LOGIN_LINK_OPENED, {"method": "GET"})
        self._decide()
        return self._told

    def _decide(self) -> None:
        if self._chance(0.01):
            fields = {"trigger": "reject", "state": "pending"}
            self._open(20, EventName.LOGIN_DENIED, fields, reason="rejected_by_person")
            return
        if self._chance(0.12):
            for misses in (1, 2):
                self._miss(EventName.LOGIN_CODE_MISMATCH, misses)
            if self._chance(0.2):
                self._miss(EventName.LOGIN_LOCKED, 3)
                return
        self._open(10, EventName.LOGIN_APPROVED, {"by": "user_code"})
        self._collect()

    def _collect(self) -> None:
        new_device = self._first_time(self._person.jkt)
        if self._chance(0.01):
            self._tell(
                1, EventName.LOGIN_KEY_MISMATCH, **_REFUSED, fields={"at": "token"}, personal=self._seen(_CALLER)
            )
        if self._first_time(self._person.subject):
            self._tell(0, EventName.USER_CREATED, subject=self._person.subject)
            self._tell(0, EventName.USER_VERIFIED, subject=self._person.subject)
        if new_device:
            device = {"device": self._session}
            label = {"device_label": "Somebody's laptop"}
            subject = self._person.subject
            self._tell(0, EventName.DEVICE_FIRST_SEEN, subject=subject, fields=device, personal=label)
        self._live(1, EventName.LOGIN_COMPLETED)
        self._live(0, EventName.SESSION_CREATED)
        if new_device:
            self._live(0, EventName.MAIL_QUEUED, reason="new_device")
            self._live(2, EventName.MAIL_SENT, fields={"attempt": 1}, jkt=None)
        if self._chance(0.1):
            late = {"trigger": "approve", "state": "consumed"}
            self._open(60, EventName.LOGIN_ILLEGAL_TRANSITION, late, outcome="failure", reason="dead_link")
        for _ in range(self._random.randrange(9)):
            self._live(_HOUR, EventName.SESSION_REFRESHED)
        if self._chance(0.002):
            self._live(60, EventName.SESSION_REUSE_DETECTED, outcome="failure", reason="refresh_token")
            self._live(0, EventName.SESSION_ENDED, reason="reuse_detected", jkt=None)
        elif self._chance(0.6):
            self._live(600, EventName.SESSION_ENDED, reason="ended_by_person", jkt=None)

    def _mail(self, attempt: str) -> None:
        self._tell(0, EventName.MAIL_QUEUED, jkt=None)
        if self._chance(0.02):
            self._tell(2, EventName.MAIL_DEFERRED, outcome="failure", reason="smtp_451", fields={attempt: 1}, jkt=None)
            self._tell(30, EventName.MAIL_SENT, fields={attempt: 2}, jkt=None)
        else:
            self._tell(2, EventName.MAIL_SENT, fields={attempt: 1}, jkt=None)

    def _miss(self, name: EventName, misses: int) -> None:
        self._open(8, name, {"misses": misses}, outcome="failure", reason="wrong_code")

    def _open(self, after: float, name: EventName, fields: dict[str, Any], **told: Any) -> None:  # noqa: ANN401 - AuditEvent's own fields
        personal = {"browser": "Chrome on Android", **self._seen(_BROWSER)}
        self._tell(after, name, fields={**_NEAR, **fields}, personal=personal, **told)

    def _live(self, after: float, name: EventName, **told: Any) -> None:  # noqa: ANN401 - AuditEvent's own fields
        self._tell(after, name, **{"session_id": self._session, "subject": self._person.subject, **told})

    def _tell(self, after: float, name: EventName, **told: Any) -> None:  # noqa: ANN401 - AuditEvent's own fields
        self._seconds += after
        references = {"login_id": self._login, "application_id": self._person.application, "jkt": self._person.jkt}
        self._told.append((self._seconds, AuditEvent(name=name, **{**references, **told})))

    def _seen(self, user_agent: str) -> dict[str, str]:
        return {"source": self._person.source, "user_agent": user_agent}

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _first_time(self, what: str) -> bool:
        first = what not in self._met
        self._met.add(what)
        return first
