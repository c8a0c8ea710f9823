# SPDX-License-Identifier: Apache-2.0
"""The event of each session that a write has ended, and the end of what hung on it."""

from collections.abc import Iterable

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, cookies, refresh_tokens
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Ended


async def record_ended_sessions(
    tx: Transaction,
    ended: Iterable[Ended],
    context: Context,
    *,
    reason: str,
    mailbox: bytes | None = None,
    operator: str | None = None,
) -> None:
    """Append `session.ended` for each, with the reason's code; cookies and refresh tokens go.

    `operator` is who ended them, where an operator did.
    """
    for session in ended:
        await cookies.drop(tx, session.id)
        await refresh_tokens.drop(tx, session.id)
        event = AuditEvent(
            name=EventName.SESSION_ENDED,
            reason=reason,
            login_id=session.login_id,
            application_id=session.application_id,
            session_id=session.id,
            subject=session.user_id,
            fields={} if operator is None else {"operator": operator},
        )
        await audit.append(tx, context, event, mailbox=mailbox)
