# SPDX-License-Identifier: Apache-2.0
"""Shut a person out: sessions and open logins end now, later requests for a link become decoys [R88]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.users import User
from counterfoil_service.operations.find_person import find_person
from counterfoil_service.operations.shut_out import Ended, ShutOut, shut_out


class Disabled(msgspec.Struct, frozen=True):
    """`again`: the user was disabled before, and whatever was left ended all the same."""

    user: User
    ended: Ended
    again: bool


async def disable_user(tx: Transaction, who: str, context: Context) -> Disabled:
    """By address or subject."""
    user = await find_person(tx, who, context.keys)
    ended = await shut_out(tx, ShutOut(user.mailbox, "user_disabled"), context)
    first = await users.disable(tx, user.id, now=context.now)
    if first:
        event = AuditEvent(name=EventName.USER_DISABLED, subject=user.id, fields={"operator": context.actor})
        await audit.append(tx, context, event)
    return Disabled(user, ended, again=not first)
