# SPDX-License-Identifier: Apache-2.0
"""An event as a row of the audit page, drawn by the server or, as it comes, by the page's script."""

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.story import sentence
from counterfoil_service.db.audit import StoredEvent


class AuditRow(msgspec.Struct, frozen=True):
    """`position` is the event's own number, `index` its place in the log, None until it is sealed.

    `time` in microseconds UTC. `alert`: somebody should look at it.
    """

    position: int
    index: int | None
    time: int
    name: str
    outcome: str
    alert: bool
    sentence: str
    login: str | None
    subject: str | None

    def __repr__(self) -> str:
        # Sentences tell addresses.
        return f"AuditRow(position={self.position})"


def row_of(stored: StoredEvent) -> AuditRow:
    """What a row tells of an event."""
    event = stored.event
    return AuditRow(
        position=stored.position,
        index=stored.index,
        time=stored.time,
        name=event.name.value,
        outcome=event.outcome,
        alert=CATALOGUE[event.name].alert and event.fields.get("is_new_logon") != 0,
        sentence=plain(sentence(event, stored.personal)),
        login=event.login_id,
        subject=event.subject,
    )


def meaning_of(name: EventName) -> str:
    """What such an event means; names stand there as in Markdown."""
    return CATALOGUE[name].purpose.replace("`", "")


def plain(text: str) -> str:
    r"""On one line, in the order in which it is written: whatever cannot be printed is spelt, as \\u202e."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
