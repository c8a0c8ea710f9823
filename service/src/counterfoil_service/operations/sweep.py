# SPDX-License-Identifier: Apache-2.0
"""Write what time has ended, in bounded batches, off every request's path (T13)."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, logins, mailings, proofs
from counterfoil_service.db.engine import Context, Transaction

_DAY = 86_400 * 1_000_000


async def expire_logins(tx: Transaction, limit: int, context: Context) -> int:
    """Expire at most `limit` logins; how many there were."""
    ended = await logins.expire(tx, now=context.now, limit=limit)
    for login in ended:
        event = AuditEvent(
            name=EventName.LOGIN_EXPIRED, login_id=login.id, application_id=login.application_id, jkt=login.jkt
        )
        await audit.append(tx, context, event)
    longest = max(
        _DAY, context.settings.budgets.mailbox_mails.window, context.settings.budgets.mailbox_daily_mails.window
    )
    await mailings.purge(tx, before=context.now - longest)
    await proofs.purge(tx, now=context.now)
    return len(ended)
