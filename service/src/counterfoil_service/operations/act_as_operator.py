# SPDX-License-Identifier: Apache-2.0
"""Let an operator change something: whether they may is asked in the same transaction, and every event names them."""

from typing import Any, Generic, TypeVar

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.session import require_fresh
from counterfoil_service.db import operators
from counterfoil_service.db.engine import Context, Operation, Transaction

T = TypeVar("T")


class ActAsOperator(msgspec.Struct, Generic[T], frozen=True):
    """`auth_time` is when they signed in, in microseconds UTC; None for an act that needs no fresh sign-in [R87]."""

    operator_id: str
    auth_time: int | None
    operation: Operation[Any, T]
    command: Any

    def __repr__(self) -> str:
        return f"ActAsOperator(operator_id={self.operator_id!r})"


async def act_as_operator(tx: Transaction, command: ActAsOperator[T], context: Context) -> T:
    """What the operation answers; a Refusal, with nothing done, for who is no operator by now."""
    operator = await operators.get(tx, command.operator_id)
    if operator is None or operator.role != "operator":
        raise refusal_of_readers()
    if command.auth_time is not None:
        require_fresh(command.auth_time, context.now)
    return await command.operation(tx, command.command, msgspec.structs.replace(context, actor=operator.id))


def refusal_of_readers() -> Refusal:
    """For everybody who is no operator."""
    return Refusal(ErrorCode.INSUFFICIENT_SCOPE, "Only operators change things here: auditors read.")
