# SPDX-License-Identifier: Apache-2.0
"""Remove an application, and with it everything that it could still collect."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import applications, audit, devices, logins, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions

_REASON = "application_removed"


async def remove_application(tx: Transaction, application_id: str, context: Context) -> None:
    """Delete it, deny its open logins, end its sessions.

    A request that was under way in the same instant may still add its login: it is worth something only if the id is
    taken again before that login expires.
    """
    if not await applications.remove(tx, application_id):
        raise Refusal(ErrorCode.INVALID_REQUEST, f"no application {application_id!r}: see `applications list`")
    for login in await logins.deny_all(tx, application_id=application_id, now=context.now):
        denied = AuditEvent(
            name=EventName.LOGIN_DENIED, reason=_REASON, login_id=login.id, application_id=application_id, jkt=login.jkt
        )
        await audit.append(tx, context, denied)
        await tx.notify(login.id)
    ended = await sessions.end_where(tx, now=context.now, application_id=application_id)
    await record_ended_sessions(tx, ended, context, reason=_REASON)
    # Or whoever takes the id again would know them.
    await devices.forget_at(tx, application_id)
    removed = AuditEvent(
        name=EventName.APPLICATION_REMOVED, application_id=application_id, fields={"operator": context.actor}
    )
    await audit.append(tx, context, removed)
    await tx.notify(None)
