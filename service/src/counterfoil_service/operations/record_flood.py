# SPDX-License-Identifier: Apache-2.0
"""Raise an alert where one mailbox is mailed link after link that nobody answers, or that were reported [R100].

Once the mail has left: while a link is asked for, another statement would tell who is mailed from who is not.
"""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.usage import unanswered
from counterfoil_service.operations.check_budgets import is_flooded


async def record_flood(tx: Transaction, login: Login, context: Context) -> None:
    """One event for each mail from then on: there are few, as they leave at longer intervals."""
    budgets = context.settings.budgets
    count, reports = await unanswered(tx, login.mailbox, since=context.now - budgets.mailbox_unanswered.window)
    if not is_flooded(count, reports, budgets):
        return
    event = AuditEvent(
        name=EventName.MAILBOX_FLOODED,
        outcome="failure",
        reason="unsolicited",
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={"unanswered": count, "reports": reports},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
