# SPDX-License-Identifier: Apache-2.0
"""The record that a session opens the console: written with the session, at our own pages, of whoever has a role."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, operators
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session


async def welcome_operator(tx: Transaction, session: Session, mailbox: bytes, context: Context) -> None:
    """Nothing, for people without a role."""
    operator = await operators.by_mailbox(tx, mailbox)
    if operator is None:
        return
    event = AuditEvent(
        name=EventName.OPERATOR_SIGNED_IN,
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        fields={"operator": operator.id, "role": operator.role},
    )
    await audit.append(tx, context, event, mailbox=mailbox)
