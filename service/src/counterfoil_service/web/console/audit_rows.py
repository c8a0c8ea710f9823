# SPDX-License-Identifier: Apache-2.0
"""An event as a row of the audit page, drawn by the server or, as it comes, by the page's script."""

from collections.abc import Mapping
from typing import Final

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.story import sentence
from counterfoil_service.core.story_explained import EXPLAINED, SELF_EXPLAINING
from counterfoil_service.db.audit import StoredEvent

STAFF_FIELDS: Final = ("by", "operator", "granted_by", "requested_by")
"""Whose values are ids of people who have a role, or something else that is nobody's id."""


class StaffMember(msgspec.Struct, frozen=True):
    """Somebody who has a role."""

    id: str
    address: str

    def __repr__(self) -> str:
        return f"StaffMember(id={self.id!r})"


class AuditRow(msgspec.Struct, frozen=True):
    """`position` is the event's own number, `index` its place in the log, None until it is sealed.

    `time` in microseconds UTC. `alert`: somebody should look at it. `staff` did it, had agreed to it, or
    are whom it is about: those alone who still have a role.
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
    staff: list[StaffMember]

    def __repr__(self) -> str:
        # Sentences tell addresses.
        return f"AuditRow(position={self.position})"


def row_of(stored: StoredEvent, staff: Mapping[str, str]) -> AuditRow:
    """What a row tells of an event; `staff` are addresses by ids."""
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
        staff=_staff_of(event.fields, staff),
    )


def meaning_of(name: EventName) -> str:
    """What such an event means; empty where its sentence says it all."""
    if name in SELF_EXPLAINING:
        return ""
    # Names stand in the catalogue as in Markdown.
    return EXPLAINED.get(name) or CATALOGUE[name].purpose.replace("`", "")


def _staff_of(fields: Mapping[str, str | int], staff: Mapping[str, str]) -> list[StaffMember]:
    ids = dict.fromkeys(str(fields[name]) for name in STAFF_FIELDS if name in fields)
    return [StaffMember(each, plain(staff[each])) for each in ids if each in staff]


def plain(text: str) -> str:
    r"""On one line, in the order in which it is written: whatever cannot be printed is spelt, as \\u202e."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
