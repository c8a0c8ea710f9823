# SPDX-License-Identifier: Apache-2.0
"""Take from a mailbox all that it could still collect or use: open logins, codes, sessions (T14, T15)."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, erasure, logins, sessions, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


class ShutOut(msgspec.Struct, frozen=True):
    """`reason` goes into the audit log. `sessions_at`: of this application alone; None: everywhere."""

    mailbox: bytes
    reason: str
    sessions_at: str | None = None


class Ended(msgspec.Struct, frozen=True):
    """From whom, and how much. `user_id` None: the mailbox asked for links and has no user."""

    user_id: str | None
    logins: int
    sessions: int


async def shut_out(tx: Transaction, command: ShutOut, context: Context) -> Ended:
    """Nothing slips through: a login that begins meanwhile waits for the lock, one that is collected holds its row.

    Logins end before sessions, for the same reason: the session of one collected in the same instant is there by then.
    """
    await tx.lock(keyed(context.keys.lock, b"mailbox", command.mailbox))
    known = await users.by_mailbox(tx, command.mailbox)
    denied = await logins.deny_all(tx, now=context.now, mailbox=command.mailbox)
    for login in denied:
        event = AuditEvent(
            name=EventName.LOGIN_DENIED,
            reason=command.reason,
            login_id=login.id,
            application_id=login.application_id,
            subject=known.id if known else None,
            jkt=login.jkt,
        )
        await audit.append(tx, context, event)
        await tx.notify(login.id)
    await erasure.drop_codes(tx, command.mailbox)
    # Asked again, as the first login of this mailbox may have been collected while its row was waited for.
    user = await users.by_mailbox(tx, command.mailbox)
    if user is None:
        return Ended(None, len(denied), 0)
    if command.sessions_at is None:
        ended = await sessions.end_where(tx, now=context.now, user_id=user.id)
    else:
        place = command.sessions_at
        ended = await sessions.end_of_application(tx, user_id=user.id, application_id=place, now=context.now)
    await record_ended_sessions(tx, ended, context, reason=command.reason, operator=context.actor)
    return Ended(user.id, len(denied), len(ended))
