# SPDX-License-Identifier: Apache-2.0
"""Take the turn at a witness, when there is a checkpoint that it has not cosigned."""

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.db import cosignatures, leases, log
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.log import SignedCheckpoint

TURN_SECONDS = 30
"""Longer than the worker's two questions take; a replica that dies meanwhile is replaced after it."""


class ClaimCosigning(msgspec.Struct, frozen=True):
    """`witness` is its vkey, `holder` whoever asks it."""

    witness: str
    holder: str


class Uncosigned(msgspec.Struct, frozen=True):
    """The newest checkpoint, and the size of the last one that the witness cosigned, 0 where that is none."""

    checkpoint: SignedCheckpoint
    known_size: int


async def uncosigned(tx: ReadTransaction, witness: str) -> Uncosigned | None:
    """What this witness lacks; None where it has cosigned the newest checkpoint."""
    newest, known_size = await log.latest_checkpoint(tx), await cosignatures.size_of(tx, witness)
    return None if newest is None or newest.size <= known_size else Uncosigned(newest, known_size)


async def claim_cosigning(tx: Transaction, command: ClaimCosigning, context: Context) -> Uncosigned | None:
    """The same for whoever has the turn from now on; None also where another replica has it.

    What is lacking is read last: a checkpoint older than the one that the turn's last holder sent would look forked.
    """
    until = context.now + TURN_SECONDS * SECOND
    if not await leases.take(tx, turn_at(command.witness), command.holder, until, context.now):
        return None
    return await uncosigned(tx, command.witness)


def turn_at(witness: str) -> str:
    """The name of the lease."""
    return f"witness {witness}"
