# SPDX-License-Identifier: Apache-2.0
"""Give somebody a role at the service."""

import msgspec

from counterfoil_service.core import email_address, identifiers
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import Operator, Role
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, mailbox_keys, operators
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.shut_out import ShutOut, shut_out


class AddOperator(msgspec.Struct, frozen=True):
    """By address and role."""

    address: str
    role: Role

    def __repr__(self) -> str:
        return f"AddOperator(role={self.role!r})"


async def add_operator(tx: Transaction, command: AddOperator, context: Context) -> Operator:
    """Whoever has this role already keeps it, and nothing is written; a Refusal where the mailbox has the other one.

    They sign in anew: what began before may have begun with a link that a colleague relayed, as was allowed then.
    """
    parsed = email_address.parse(command.address)
    mailbox = keyed(context.keys.mailbox, parsed.canonical.encode())
    name = identifiers.ulid(context.now, context.entropy)
    operator = Operator(name, mailbox, parsed.mailing, command.role, context.now)
    if not await operators.add(tx, operator):
        stored = await operators.by_mailbox(tx, mailbox) or operator
        if stored.role != command.role:
            raise Refusal(
                ErrorCode.INVALID_REQUEST,
                f"this address is {stored.role} already: one who works at the service does not audit it; "
                f"`counterfoil operators remove {stored.id}` first, if the role shall change",
            )
        return stored
    await mailbox_keys.ensure(tx, context, mailbox)
    event = AuditEvent(
        name=EventName.OPERATOR_ADDED,
        fields={"operator": operator.id, "role": operator.role, "by": context.actor},
        personal={"address": operator.address},
    )
    await audit.append(tx, context, event, mailbox=mailbox)
    await shut_out(tx, ShutOut(mailbox, "role_given", sessions_at=OWN_ID), context)
    return operator
