# SPDX-License-Identifier: Apache-2.0
"""Deny a login whose person proved the mailbox and may not have the session all the same (T14, T15)."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import Trigger
from counterfoil_service.db import audit, logins
from counterfoil_service.db.engine import Context, Transaction


async def deny_login(tx: Transaction, login: logins.Login, subject: str, reason: str, context: Context) -> None:
    """End it as denied; `reason` is a code for the audit log."""
    await logins.end(tx, login.id, Trigger.DENY, now=context.now)
    event = AuditEvent(
        name=EventName.LOGIN_DENIED,
        reason=reason,
        login_id=login.id,
        application_id=login.application_id,
        subject=subject,
        jkt=login.jkt,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    await tx.notify(login.id)
