# SPDX-License-Identifier: Apache-2.0
"""Revoke one token of somebody with a role: from this moment on it opens nothing."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, operators
from counterfoil_service.db.engine import Context, Transaction


async def revoke_operator_token(tx: Transaction, token_id: str, context: Context) -> str | None:
    """The id of whose it was; None where there is no such token, or not any more."""
    owner = await operators.remove_token(tx, token_id)
    if owner is not None:
        event = AuditEvent(
            name=EventName.OPERATOR_REMOVED, fields={"operator": owner, "token": token_id, "by": context.actor}
        )
        await audit.append(tx, context, event)
    return owner
