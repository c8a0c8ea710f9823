# SPDX-License-Identifier: Apache-2.0
"""Write what time has ended, in bounded batches, off every request's path (T13)."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, logins, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


async def sweep(tx: Transaction, limit: int, context: Context) -> int:
    """Expire at most `limit` logins and as many sessions; how many there were of whichever were more."""
    ended = await logins.expire(tx, now=context.now, limit=limit)
    for login in ended:
        event = AuditEvent(
            name=EventName.LOGIN_EXPIRED, login_id=login.id, application_id=login.application_id, jkt=login.jkt
        )
        await audit.append(tx, context, event)
    return max(len(ended), await _end_sessions(tx, limit, context))


async def _end_sessions(tx: Transaction, limit: int, context: Context) -> int:
    most = 0
    for reason, span in context.settings.session_limits.spans.items():
        over = await sessions.expire(tx, reason, before=context.now - span, now=context.now, limit=limit)
        await record_ended_sessions(tx, over, context, reason=reason)
        most = max(most, len(over))
    return most
