# SPDX-License-Identifier: Apache-2.0
"""Let an address in before it ever signed in: a user, unverified until its first completed login."""

from counterfoil_service.core import email_address, identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, mailbox_keys, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.users import User

_THERE_ALREADY = {
    "invited": "is invited already, and has not signed in yet",
    "unverified": "is a user already, not verified yet: see `counterfoil devices list` and `counterfoil links list`",
    "verified": "is a user already, and may sign in",
    "disabled": "is a user already, but disabled: `counterfoil users enable` lets them in again",
}


async def invite_user(tx: Transaction, address: str, context: Context) -> User:
    """The new user; a Refusal says how it stands with one who is there already."""
    parsed = email_address.parse(address)
    mailbox = keyed(context.keys.mailbox, parsed.canonical.encode())
    subject = identifiers.subject(context.entropy)
    user = User(subject, mailbox, parsed.mailing, created_at=context.now, invited_at=context.now)
    if not await users.add(tx, user):
        stored = await users.by_mailbox(tx, mailbox)
        assert stored is not None  # noqa: S101 - the insert met it
        raise Refusal(ErrorCode.INVALID_REQUEST, f"this address {_THERE_ALREADY[stored.state]}")
    await mailbox_keys.ensure(tx, context, mailbox)
    event = AuditEvent(
        name=EventName.USER_INVITED,
        subject=user.id,
        fields={"operator": context.actor},
        personal={"address": user.address},
    )
    await audit.append(tx, context, event, mailbox=mailbox)
    return user
