# SPDX-License-Identifier: Apache-2.0
"""Whose login this is: the mailbox's user, made at its first completed login, or why it may not go on."""

from collections.abc import Sequence

from counterfoil_service.core import identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, users
from counterfoil_service.db.engine import Context, Query, Row, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.users import User


async def identify_person(tx: Transaction, login: Login, context: Context) -> User:
    """The person; unverified until `verifying`."""
    stored = await users.by_mailbox(tx, login.mailbox)
    if stored is not None:
        return stored
    user = User(identifiers.subject(context.entropy), login.mailbox, login.address, context.now)
    if await users.add(tx, user):
        await _record(tx, EventName.USER_CREATED, login, user.id, context)
        return user
    raced = await users.by_mailbox(tx, login.mailbox)
    assert raced is not None  # noqa: S101 - the insert met it
    return raced


def verifying(user: User, context: Context) -> Query:
    """For `gather`: the mailbox was proved, so that the user is verified from now on; `record_verified` is told."""
    return users.verifying(user.id, address=user.address, now=context.now)


async def record_verified(tx: Transaction, rows: Sequence[Row], user: User, login: Login, context: Context) -> None:
    """Where it was the first time."""
    if rows:
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
