# SPDX-License-Identifier: Apache-2.0
"""Let a disabled person in again; what ended stays ended."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import audit, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.users import User
from counterfoil_service.operations.find_person import find_person


async def enable_user(tx: Transaction, who: str, context: Context) -> User:
    """By address or subject; a Refusal where nobody disabled them."""
    user = await find_person(tx, who, context.keys)
    if not await users.enable(tx, user.id):
        raise Refusal(ErrorCode.INVALID_REQUEST, "this user is not disabled: nothing was changed")
    event = AuditEvent(name=EventName.USER_ENABLED, subject=user.id, fields={"operator": context.actor})
    await audit.append(tx, context, event)
    return user
