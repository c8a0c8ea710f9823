# SPDX-License-Identifier: Apache-2.0
"""An operator ends a login that waits or was approved: its device gets no session (T14, T15)."""

from counterfoil_service.core import relaying
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import Trigger, current_state
from counterfoil_service.db import audit, logins
from counterfoil_service.db.engine import Context, Transaction


async def stop_login(tx: Transaction, login_id: str, context: Context) -> None:
    """Whoever collects in the same instant is either first, which a Refusal says, or gets nothing."""
    ended = await logins.end(tx, login_id, Trigger.DENY, now=context.now)
    login = await logins.get(tx, login_id)
    if login is None:
        raise relaying.no_login(login_id)
    if not ended:
        state = current_state(login.state, login.expires_at, context.now)
        raise Refusal(ErrorCode.INVALID_REQUEST, f"this login is over, it is {state.value}: nothing was changed")
    event = AuditEvent(
        name=EventName.LOGIN_DENIED,
        reason="operator",
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={"operator": context.actor},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    await tx.notify(login.id)
