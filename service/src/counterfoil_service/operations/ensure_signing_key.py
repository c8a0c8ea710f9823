# SPDX-License-Identifier: Apache-2.0
"""Make sure that a key of the algorithm that is set signs, or soon will."""

from counterfoil_service.crypto.jwt import Algorithm
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import signing_keys
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.operations.rotate_keys import RotateKeys, rotate_keys


async def lacks_signing_key(tx: ReadTransaction, algorithm: Algorithm, now: int) -> bool:
    """Whether no key signs at `now`, or the newest has another algorithm."""
    keys = await signing_keys.list_all(tx)
    return not any(key.active_at <= now for key in keys) or keys[-1].algorithm != algorithm


async def ensure_signing_key(tx: Transaction, command: RotateKeys, context: Context) -> None:
    """Rotate where it is still needed, however many processes start at once."""
    await tx.lock(keyed(context.keys.lock, b"signing_keys"))
    if await lacks_signing_key(tx, command.key.algorithm, context.now):
        await rotate_keys(tx, command, context)
