# SPDX-License-Identifier: Apache-2.0
"""Take a role away at the console: never one's own, so that there is somebody left who may give it back."""

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import operators
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.remove_operator import take_role

_ON_THE_MACHINE = "use `counterfoil operators remove` on the service's own machine, if it is meant"


async def remove_colleague(tx: Transaction, operator_id: str, context: Context) -> str:
    """By its id, for the operator who acts. Of two who remove each other in the same instant one remains."""
    held = {each.id: each for each in await operators.hold_all(tx)}
    if operator_id == context.actor:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"nobody takes their own role here: {_ON_THE_MACHINE}")
    if context.actor not in held:
        raise Refusal(ErrorCode.ACCESS_DENIED, "your own role was taken away in this moment: nothing was changed")
    operator = held.get(operator_id)
    if operator is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "nobody has this role any more: somebody else took it away")
    return await take_role(tx, operator, context)
