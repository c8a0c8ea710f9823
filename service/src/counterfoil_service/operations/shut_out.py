# SPDX-License-Identifier: Apache-2.0
"""Take from a mailbox everything that it could still collect or use: open logins, codes, sessions (T14, T15)."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, erasure, logins, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


class ShutOut(msgspec.Struct, frozen=True):
    """`reason` goes into the audit log. `user_id` None: the mailbox asked for links and has no user."""

    mailbox: bytes
    user_id: str | None
    reason: str


class Ended(msgspec.Struct, frozen=True):
    """How much was taken."""

    logins: int
    sessions: int


async def shut_out(tx: Transaction, command: ShutOut, context: Context) -> Ended:
    """Nothing slips through: a login that begins meanwhile waits for the lock, one that is collected holds its row.

    Logins end before sessions, for the same reason: the session of one collected in the same instant is there by then.
    """
    await tx.lock(keyed(context.keys.lock, b"mailbox", command.mailbox))
    denied = await logins.deny_all(tx, now=context.now, mailbox=command.mailbox)
    for login in denied:
        event = AuditEvent(
            name=EventName.LOGIN_DENIED,
            reason=command.reason,
            login_id=login.id,
            application_id=login.application_id,
            subject=command.user_id,
            jkt=login.jkt,
        )
        await audit.append(tx, context, event)
        await tx.notify(login.id)
    await erasure.drop_codes(tx, command.mailbox)
    if command.user_id is None:
        return Ended(len(denied), 0)
    ended = await sessions.end_where(tx, now=context.now, user_id=command.user_id)
    await record_ended_sessions(tx, ended, context, reason=command.reason)
    return Ended(len(denied), len(ended))
