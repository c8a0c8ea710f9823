# SPDX-License-Identifier: Apache-2.0
"""The events of one sign-in as rows of the audit log, sealed and in their places."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

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
_TOLD: tuple[tuple[float, EventName, str, bool], ...] = (
    (0, EventName.LOGIN_REQUESTED, '{"country":"DE","network":"Example Net"}', True),
    (0, EventName.MAIL_QUEUED, "{}", False),
    (2, EventName.MAIL_SENT, '{"attempt":1}', False),
    (15, EventName.LOGIN_LINK_OPENED, _SINCE, True),
    (20, EventName.LOGIN_APPROVED, _SINCE, True),
    (21, EventName.LOGIN_COMPLETED, "{}", False),
    (21, EventName.SESSION_CREATED, "{}", False),
    (_HOUR, EventName.SESSION_REFRESHED, "{}", False),
    (2 * _HOUR, EventName.SESSION_REFRESHED, "{}", False),
    (3 * _HOUR, EventName.SESSION_ENDED, "{}", False),
)
"""Seconds since the request, the event, its fields, and whether it says anything personal."""
_FROM_SESSION = 5
"""Events from this one on name the session and its person."""

EventRow = tuple[object, ...]


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
    login_id, session_id = names
    said = msgspec.json.encode({"address": who.address, "source": who.source, "user_agent": "counterfoil-client/0.1"})
    prefix = coarse(who.source)
    for number, (after, name, fields, personal) in enumerate(_TOLD):
        event_id = sha256(f"{login_id} {number}".encode()).digest()[:_ID_BYTES]
        sealed = _sealed(key, said, event_id) if personal else None
        session = (session_id, who.subject) if number >= _FROM_SESSION else (None, None)
        yield (
            event_id,
            at // 1000 * 1000 + round(after * SECOND),
            name.value,
            "success",
            None,
            login_id,
            who.application,
            *session,
            who.jkt,
            fields,
            sealed,
            who.mailbox,
            index + number,
            prefix if personal else None,
        )


def _sealed(key: bytes, said: bytes, event_id: bytes) -> bytes:
    return seal(key, said, associated=event_id, entropy=lambda count: event_id[:count])
