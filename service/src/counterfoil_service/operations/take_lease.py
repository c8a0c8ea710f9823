# SPDX-License-Identifier: Apache-2.0
"""Take or keep a turn among replicas."""

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.db import leases
from counterfoil_service.db.engine import Context, Transaction


class TakeLease(msgspec.Struct, frozen=True):
    """`holder` names one process."""

    name: str
    holder: str
    seconds: int


async def take_lease(tx: Transaction, command: TakeLease, context: Context) -> bool:
    """Whether it is ours for so many seconds from now on."""
    until = context.now + command.seconds * SECOND
    return await leases.take(tx, command.name, command.holder, until, context.now)
