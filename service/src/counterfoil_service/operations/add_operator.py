# SPDX-License-Identifier: Apache-2.0
"""Give somebody a role, or a further token: what opens the audit log, and is shown once."""

import msgspec

from counterfoil_service.core import email_address, identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import Operator, OperatorToken, Role, make_token
from counterfoil_service.crypto.keys import digest, keyed
from counterfoil_service.db import audit, mailbox_keys, operators
from counterfoil_service.db.engine import Context, Transaction


class AddOperator(msgspec.Struct, frozen=True):
    """By address and role."""

    address: str
    role: Role


class OperatorAdded(msgspec.Struct, frozen=True):
    """`token` is the only copy there will ever be."""

    operator: Operator
    token_id: str
    token: str

    def __repr__(self) -> str:
        return f"OperatorAdded(operator={self.operator!r}, token_id={self.token_id!r})"


async def add_operator(tx: Transaction, command: AddOperator, context: Context) -> OperatorAdded:
    """Make the operator unless there is one, and a token; a Refusal where the mailbox has the other role."""
    parsed = email_address.parse(command.address)
    mailbox = keyed(context.keys.mailbox, parsed.canonical.encode())
    name = identifiers.ulid(context.now, context.entropy)
    operator = Operator(name, mailbox, parsed.mailing, command.role, context.now)
    if not await operators.add(tx, operator):
        operator = await operators.by_mailbox(tx, mailbox) or operator
    if operator.role != command.role:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"this address is {operator.role} already: one who works at the service does not audit it; "
            f"`counterfoil operators remove {operator.id}` first, if the role shall change",
        )
    token = make_token(context.entropy)
    kept = OperatorToken(identifiers.ulid(context.now, context.entropy), operator.id, digest(token), context.now)
    await operators.add_token(tx, kept)
    await mailbox_keys.ensure(tx, context, mailbox)
    event = AuditEvent(
        name=EventName.OPERATOR_ADDED,
        fields={"operator": operator.id, "role": operator.role, "token": kept.id},
        personal={"address": operator.address},
    )
    await audit.append(tx, context, event, mailbox=mailbox)
    return OperatorAdded(operator, kept.id, token)
