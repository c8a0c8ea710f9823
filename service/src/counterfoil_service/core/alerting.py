# SPDX-License-Identifier: Apache-2.0
"""Which events raise an alert, and what each alert is about: the same again about the same only counts.

What an alert is about is a reference that is nobody's address: the more specific, the better one victim is told from
another. Whoever makes many of them, by many logins of their own, meets `MOST_UNSEEN`.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.event_filter import MAX_TIME
from counterfoil_service.core.identifiers import is_ulid

KINDS: Final = tuple(sorted(name.value for name, entry in CATALOGUE.items() if entry.alert))

MOST_UNSEEN: Final = 100
"""So many alerts of a kind may wait at once; the events of all others are counted in one alert for each application."""

SERVICE: Final = "service"
"""What is about nobody in particular."""

_PARTIES: Final[dict[str, str]] = {
    EventName.DEVICE_CHANGED: "device",
    EventName.AUDIT_SINK_FAILED: "receiver",
    EventName.WEBHOOK_REFUSED: "provider",
}
_OTHERS: Final = "others"
_MARK_LETTERS: Final = 32
_ALERTING: Final = frozenset(name for name, entry in CATALOGUE.items() if entry.alert)

About = Callable[[AuditEvent, bytes | None], str | int | None]


def _session(event: AuditEvent, _mailbox: bytes | None) -> str | None:
    return event.session_id


def _login(event: AuditEvent, _mailbox: bytes | None) -> str | None:
    return event.login_id


def _mailbox(_event: AuditEvent, mailbox: bytes | None) -> str | None:
    """A digest: the mailbox's own hash leads to its events, and stands where erasing a person finds it."""
    return None if mailbox is None else sha256(b"alert\0" + mailbox).hexdigest()[:_MARK_LETTERS]


def _field(name: str) -> About:
    return lambda event, _: event.fields.get(name)


ABOUT: Final[dict[EventName, About]] = {
    EventName.SESSION_REUSE_DETECTED: _session,
    EventName.SESSION_KEY_MISMATCH: _session,
    EventName.LOGIN_KEY_MISMATCH: _login,
    EventName.LOGIN_FINGERPRINT_MISMATCH: _login,
    EventName.LOGIN_CODE_REFUSED: _login,
    EventName.LOGIN_REPORTED: _mailbox,
    EventName.MAILBOX_FLOODED: _mailbox,
    EventName.DEVICE_CHANGED: _field("device"),
    EventName.WEBHOOK_REFUSED: _field("provider"),
    EventName.AUDIT_SINK_FAILED: _field("sink"),
    EventName.AUDIT_CHECKPOINT_FAILED: lambda *_: SERVICE,
}
"""For each kind of alert."""


def about_of(event: AuditEvent, mailbox: bytes | None) -> str | None:
    """What the alert that this event raises is about; None where it raises none. `mailbox` is the keyed hash."""
    if event.name not in _ALERTING or not CATALOGUE[event.name].raises_alert(event.fields):
        return None
    return str(ABOUT[event.name](event, mailbox) or event.login_id or event.application_id or SERVICE)


def about_others(event: AuditEvent) -> str:
    """What it is about where too many alerts of its kind wait already."""
    return f"{_OTHERS} {event.application_id or SERVICE}"


def is_about_others(about: str) -> bool:
    """Whether `about_others` made it."""
    return about.startswith(f"{_OTHERS} ")


def is_told(about: str, times: int) -> bool:
    """Whether this time is pushed: the first of each, and of others each power of ten, as new victims hide there."""
    return times == 1 or (is_about_others(about) and str(times).rstrip("0") == "1")


def party_of(kind: str, about: str) -> tuple[str, str] | None:
    """What stands in none of an event's references: `device`, `receiver` or `provider`, and which one it is."""
    named = _PARTIES.get(kind)
    return None if named is None or is_about_others(about) else (named, about)


class AlertCursor(msgspec.Struct, frozen=True):
    """The last alert of a page, the latest first; the next page begins behind it. `time` in microseconds UTC."""

    time: int
    id: str

    def text(self) -> str:
        """For a URL; it says nothing secret."""
        return f"{self.time}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "AlertCursor | None":
        """What `text` spelt; None for anything else: then the first page is shown."""
        time, _, identifier = text.partition("-")
        if not (time.isascii() and time.isdecimal() and is_ulid(identifier) and len(time) <= len(str(MAX_TIME))):
            return None
        return cls(min(int(time), MAX_TIME), identifier)
