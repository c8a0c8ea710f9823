# SPDX-License-Identifier: Apache-2.0
"""Change how an application looks, and where it may send people and tokens."""

import msgspec

from counterfoil_service.core import redirects
from counterfoil_service.core.application import (
    CHANGEABLE,
    OWN_ID,
    Application,
    NewDevices,
    as_stored,
    check_registration,
)
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import applications, audit
from counterfoil_service.db.engine import Context, Transaction


class ChangeApplication(msgspec.Struct, frozen=True):
    """None leaves a part as it is; empty looks take away what there was; a list takes the place of the one before."""

    application_id: str
    name: str | None = None
    colour: str | None = None
    logo_text: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    audiences: tuple[str, ...] | None = None
    new_devices: NewDevices | None = None


class Changed(msgspec.Struct, frozen=True):
    """The application as it is now, and the names of what was otherwise before."""

    application: Application
    names: tuple[str, ...]


async def change_application(tx: Transaction, command: ChangeApplication, context: Context) -> Changed:
    """Nothing is written where all is so already. Logins that are under way go on as they began."""
    given = {name: value for name in CHANGEABLE if (value := getattr(command, name)) is not None}
    if not given:
        raise Refusal(ErrorCode.INVALID_REQUEST, "say what to change: see `counterfoil applications change --help`")
    before = await applications.hold(tx, command.application_id)
    if before is None:
        own = command.application_id == OWN_ID
        hint = "the service's own pages are as they are" if own else "see `counterfoil applications list`"
        raise Refusal(ErrorCode.INVALID_REQUEST, f"no application {command.application_id!r}: {hint}")
    after = as_stored(msgspec.structs.replace(before, **given))
    check_registration(after)
    for uri in after.redirect_uris:
        redirects.check_registration(uri)
    names = tuple(name for name in CHANGEABLE if getattr(before, name) != getattr(after, name))
    if names:
        await applications.change(tx, after)
        event = AuditEvent(
            name=EventName.APPLICATION_CHANGED,
            application_id=after.id,
            fields={"names": " ".join(names), "operator": context.actor},
        )
        await audit.append(tx, context, event)
        # Every process remembers it.
        await tx.notify(None)
    return Changed(after, names)
