# SPDX-License-Identifier: Apache-2.0
"""Make the first signing key of a deployment."""

from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import signing_keys
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.rotate_keys import RotateKeys, rotate_keys


async def ensure_signing_key(tx: Transaction, _command: None, context: Context) -> None:
    """A key that signs now, however many processes start at once."""
    await tx.lock(keyed(context.keys.lock, b"signing_keys"))
    if not any(key.active_at <= context.now for key in await signing_keys.list_all(tx)):
        await rotate_keys(tx, RotateKeys(lead_seconds=0), context)
