# SPDX-License-Identifier: Apache-2.0
"""The events of one sign-in as rows of the audit log, sealed and in their places."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple, Protocol

import msgspec

from counterfoil_service.core.address_range import coarse
from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import seal

EVENTS = 10
"""Of one sign-in."""
_ID_BYTES = 16
_HOUR = 3_600
_SINCE = '{"country":"DE","nearness":"same_country","network":"Example Net","seconds_since_mail":13}'


class Step(NamedTuple):
    """An event of a sign-in, so many seconds after its request; with a person's details, or without."""

    after: float
    name: EventName
    fields: str = "{}"
    personal: Mapping[str, str] | None = None
    of_session: bool = False
    outcome: str = "success"
    reason: str | None = None


EventRow = tuple[object, ...]
_PLACE = 13
"""Which column of a row is its place in the log."""


class Somebody(Protocol):
    """Whom the events are about."""

    @property
    def address(self) -> str:
        """Where the link goes."""

    @property
    def mailbox(self) -> bytes:
        """Its keyed hash."""

    @property
    def subject(self) -> str:
        """The person's name in tokens."""

    @property
    def application(self) -> str:
        """Who asks."""

    @property
    def jkt(self) -> str:
        """The device's key."""

    @property
    def source(self) -> str:
        """The device's address."""


def events_of(who: Somebody, names: tuple[str, str], at: int, index: int, key: bytes) -> Iterator[EventRow]:
    """Of the login and session of these names, from `at` on, at the places from `index` on, without positions.

    `key` is the mailbox's.
    """
    for number, row in enumerate(rows_of(who, names, at, _told(who), key)):
        yield *row[:_PLACE], index + number, *row[_PLACE + 1 :]


def rows_of(who: Somebody, names: tuple[str, str], at: int, steps: Iterable[Step], key: bytes) -> Iterator[EventRow]:
    """The same for any steps, not sealed yet."""
    login_id, session_id = names
    prefix = coarse(who.source)
    for number, step in enumerate(steps):
        event_id = sha256(f"{login_id} {number}".encode()).digest()[:_ID_BYTES]
        session = (session_id, who.subject) if step.of_session else (None, None)
        yield (
            event_id,
            at // 1000 * 1000 + round(step.after * SECOND),
            step.name.value,
            step.outcome,
            step.reason,
            login_id,
            who.application,
            *session,
            who.jkt,
            step.fields,
            None if step.personal is None else _sealed(key, msgspec.json.encode(step.personal), event_id),
            who.mailbox,
            None,
            None if step.personal is None else prefix,
        )


def _told(who: Somebody) -> tuple[Step, ...]:
    said = {"address": who.address, "source": who.source, "user_agent": "counterfoil-client/0.1"}
    return (
        Step(0, EventName.LOGIN_REQUESTED, '{"country":"DE","network":"Example Net"}', said),
        Step(0, EventName.MAIL_QUEUED),
        Step(2, EventName.MAIL_SENT, '{"attempt":1}'),
        Step(15, EventName.LOGIN_LINK_OPENED, _SINCE, said),
        Step(20, EventName.LOGIN_APPROVED, _SINCE, said),
        Step(21, EventName.LOGIN_COMPLETED, of_session=True),
        Step(21, EventName.SESSION_CREATED, of_session=True),
        Step(_HOUR, EventName.SESSION_REFRESHED, of_session=True),
        Step(2 * _HOUR, EventName.SESSION_REFRESHED, of_session=True),
        Step(3 * _HOUR, EventName.SESSION_ENDED, of_session=True),
    )


def _sealed(key: bytes, said: bytes, event_id: bytes) -> bytes:
    return seal(key, said, associated=event_id, entropy=lambda count: event_id[:count])
