# SPDX-License-Identifier: Apache-2.0
"""Make a token for somebody with a role: what opens the audit log at the API, and is shown once."""

import msgspec

from counterfoil_service.core import identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.operator import OperatorToken, make_token
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, mailbox_keys, operators
from counterfoil_service.db.engine import Context, Transaction


class TokenMade(msgspec.Struct, frozen=True):
    """`token` is the only copy there will ever be."""

    token_id: str
    token: str

    def __repr__(self) -> str:
        return f"TokenMade(token_id={self.token_id!r})"


async def make_operator_token(tx: Transaction, operator_id: str, context: Context) -> TokenMade:
    """A further one each time; a Refusal where nobody has a role by this id."""
    operator = await operators.get(tx, operator_id)
    if operator is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "nobody has a role by this id: see `counterfoil operators list`")
    token = make_token(context.entropy)
    kept = OperatorToken(identifiers.ulid(context.now, context.entropy), operator.id, digest(token), context.now)
    await operators.add_token(tx, kept)
    # The person may have been erased since: the address of an operator is sealed anew.
    await mailbox_keys.ensure(tx, context, operator.mailbox)
    event = AuditEvent(
        name=EventName.OPERATOR_ADDED,
        fields={"operator": operator.id, "role": operator.role, "token": kept.id, "by": context.actor},
        personal={"address": operator.address},
    )
    await audit.append(tx, context, event, mailbox=operator.mailbox)
    return TokenMade(kept.id, token)
