# SPDX-License-Identifier: Apache-2.0
"""Keep a witness's cosignature, and leave the witness alone for a while."""

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.db import cosignatures, leases
from counterfoil_service.db.cosignatures import Cosignature
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.claim_cosigning import turn_at


class StoreCosignature(msgspec.Struct, frozen=True):
    """A verified one, and who had the turn."""

    cosignature: Cosignature
    holder: str


async def store_cosignature(tx: Transaction, command: StoreCosignature, context: Context) -> bool:
    """False where one of the same size or a larger one is there already: nothing goes back.

    No event tells of it: an event makes a checkpoint, which would be cosigned in turn, for ever.
    """
    until = context.now + context.settings.audit_delay * SECOND
    await leases.take(tx, turn_at(command.cosignature.witness), command.holder, until, context.now)
    return await cosignatures.store(tx, command.cosignature)
