# SPDX-License-Identifier: Apache-2.0
"""Everybody with a role: their tokens, and when they came last. They are few."""

import msgspec

from counterfoil_service.core.operator import Operator, OperatorToken
from counterfoil_service.db import operators, sessions, users
from counterfoil_service.db.engine import ReadTransaction


class Colleague(msgspec.Struct, frozen=True):
    """`signed_in_at` is their last sign-in anywhere, None where none is known any more.

    `subject` None: they are no person yet, as they have never signed in.
    """

    operator: Operator
    tokens: list[OperatorToken]
    signed_in_at: int | None
    subject: str | None

    @property
    def token_used_at(self) -> int | None:
        """When any of the tokens was used last."""
        return max((each.last_used_at for each in self.tokens if each.last_used_at is not None), default=None)


async def describe_staff(tx: ReadTransaction) -> list[Colleague]:
    """The oldest first."""
    tokens: dict[str, list[OperatorToken]] = {}
    for token in await operators.tokens(tx):
        tokens.setdefault(token.operator_id, []).append(token)
    everybody = await operators.list_all(tx)
    return [await _colleague(tx, each, tokens.get(each.id, [])) for each in everybody]


async def _colleague(tx: ReadTransaction, operator: Operator, tokens: list[OperatorToken]) -> Colleague:
    user = await users.by_mailbox(tx, operator.mailbox)
    if user is None:
        return Colleague(operator, tokens, signed_in_at=None, subject=None)
    last = await sessions.latest(tx, user.id, limit=1)
    return Colleague(operator, tokens, last[0].session.created_at if last else None, user.id)
