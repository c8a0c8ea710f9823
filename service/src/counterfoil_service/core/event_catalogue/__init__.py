# SPDX-License-Identifier: Apache-2.0
"""What each event of the audit log means, holds and shows: every name of `EventName` has one entry, and no other has.

docs/reference/events.md is written from it, exports take their classes from it, and a test reads in every operation's
source that no event says more than its entry.
"""

from typing import Final

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue.administration import ADMINISTRATION
from counterfoil_service.core.event_catalogue.console import CONSOLE
from counterfoil_service.core.event_catalogue.devices import DEVICES
from counterfoil_service.core.event_catalogue.entry import AUTHENTICATION_OTHER, Entry
from counterfoil_service.core.event_catalogue.limits import LIMITS
from counterfoil_service.core.event_catalogue.link_events import LINK_EVENTS
from counterfoil_service.core.event_catalogue.login_ends import LOGIN_ENDS
from counterfoil_service.core.event_catalogue.mail_reports import MAIL_REPORTS
from counterfoil_service.core.event_catalogue.mails import MAILS
from counterfoil_service.core.event_catalogue.sessions import SESSIONS

__all__ = ["CATALOGUE", "UNKNOWN", "Entry", "misfits"]

CATALOGUE: Final[dict[EventName, Entry]] = {
    **LINK_EVENTS,
    **LOGIN_ENDS,
    **MAILS,
    **LIMITS,
    **MAIL_REPORTS,
    **SESSIONS,
    **DEVICES,
    **ADMINISTRATION,
    **CONSOLE,
}

UNKNOWN: Final = Entry(
    purpose="An event that only a newer program knows.",
    activity=AUTHENTICATION_OTHER,
    example=AuditEvent(name=EventName.LOGIN_REQUESTED),
)
"""What an export says of it: as little as possible. Its example is never shown."""


def misfits(event: AuditEvent) -> list[str]:
    """What an event says beyond its entry, or otherwise than that: nothing, for one that fits."""
    entry = CATALOGUE[event.name]
    found = [f"field {name}" for name, value in event.fields.items() if not entry.takes(name, value)]
    found += [f"personal {name}" for name in event.personal if name not in entry.personal]
    return found if entry.may_give(event.reason) else [*found, f"reason {event.reason}"]
