# SPDX-License-Identifier: Apache-2.0
"""Whose login this is: the mailbox's user, made at its first completed login, or why it may not go on."""

from counterfoil_service.core import identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.users import User


async def identify_person(tx: Transaction, login: Login, context: Context) -> User:
    """The person; unverified until `verify_person`."""
    user = User(identifiers.subject(context.entropy), login.mailbox, login.address, context.now)
    if await users.add(tx, user):
        await _record(tx, EventName.USER_CREATED, login, user.id, context)
        return user
    stored = await users.by_mailbox(tx, login.mailbox)
    assert stored is not None  # noqa: S101 - the insert met it
    return stored


async def verify_person(tx: Transaction, user: User, login: Login, context: Context) -> None:
    """The mailbox was proved: the first time, the user is verified from now on."""
    if await users.verify(tx, user.id, address=user.address, now=context.now):
        await _record(tx, EventName.USER_VERIFIED, login, user.id, context)


def why_refused(user: User, login: Login) -> str | None:
    """The link may have gone to a look-alike address, asked for before the mailbox had a user: that proves nothing."""
    if user.disabled_at is not None:
        return "user_disabled"
    return "other_mailbox" if user.address != login.address else None


async def _record(tx: Transaction, name: EventName, login: Login, subject: str, context: Context) -> None:
    event = AuditEvent(
        name=name, login_id=login.id, application_id=login.application_id, subject=subject, jkt=login.jkt
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
