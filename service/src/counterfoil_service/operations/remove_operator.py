# SPDX-License-Identifier: Apache-2.0
"""Take a role away with all its tokens, or revoke a single token: from this moment on it opens nothing."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import Operator
from counterfoil_service.db import audit, operators, saved_searches
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.find_person import mailbox_of


async def remove_operator(tx: Transaction, who: str, context: Context) -> str:
    """By address, operator id or token id; the id of the operator it was, or a Refusal where nothing fits."""
    if "@" in who:
        operator = await operators.by_mailbox(tx, mailbox_of(who, context.keys))
    else:
        operator = await operators.get(tx, who)
    if operator is not None:
        return await _remove_all(tx, operator, context)
    owner = await operators.remove_token(tx, who)
    if owner is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "no operator has this address or id, and no token has it: see `counterfoil operators list`",
        )
    event = AuditEvent(name=EventName.OPERATOR_REMOVED, fields={"operator": owner, "token": who})
    await audit.append(tx, context, event)
    return owner


async def _remove_all(tx: Transaction, operator: Operator, context: Context) -> str:
    await saved_searches.drop_searches(tx, operator.id)
    await operators.remove(tx, operator.id)
    event = AuditEvent(name=EventName.OPERATOR_REMOVED, fields={"operator": operator.id})
    await audit.append(tx, context, event)
    return operator.id
