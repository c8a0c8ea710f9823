# SPDX-License-Identifier: Apache-2.0
"""Take a role away with all that hangs on it, or revoke a single token: from this moment on it opens nothing."""

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import Operator
from counterfoil_service.db import audit, operators, saved_searches
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.find_person import mailbox_of
from counterfoil_service.operations.revoke_operator_token import revoke_operator_token
from counterfoil_service.operations.shut_out import ShutOut, shut_out


async def remove_operator(tx: Transaction, who: str, context: Context) -> str:
    """By address, operator id or token id; the id of the operator it was, or a Refusal where nothing fits."""
    if "@" in who:
        operator = await operators.by_mailbox(tx, mailbox_of(who, context.keys))
    else:
        operator = await operators.get(tx, who)
    if operator is not None:
        return await take_role(tx, operator, context)
    owner = await revoke_operator_token(tx, who, context)
    if owner is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "no operator has this address or id, and no token has it: see `counterfoil operators list`",
        )
    return owner


async def take_role(tx: Transaction, operator: Operator, context: Context) -> str:
    """Whatever that person could still have opened with it is gone, their sessions at our own pages with it.

    Those may have begun with a link that was made for the role, and would open the pages of whoever has the mailbox.
    """
    await saved_searches.drop_searches(tx, operator.id)
    await operators.remove(tx, operator.id)
    event = AuditEvent(name=EventName.OPERATOR_REMOVED, fields={"operator": operator.id, "by": context.actor})
    await audit.append(tx, context, event)
    await shut_out(tx, ShutOut(operator.mailbox, "role_removed", sessions_at=OWN_ID), context)
    return operator.id
