# SPDX-License-Identifier: Apache-2.0
"""Let a new signing key take over; the old one is published until its last token has expired [R90]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.keys import keyed, seal
from counterfoil_service.db import audit, signing_keys
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.signing_keys import StoredKey


class RotateKeys(msgspec.Struct, frozen=True):
    """`key` was made beforehand: an RSA key takes too long for a transaction.

    `lead_seconds` is how long it is published before it signs, so that verifiers know it; where no key signs yet, it
    does so at once.
    """

    key: SigningKey
    lead_seconds: int


async def rotate_keys(tx: Transaction, command: RotateKeys, context: Context) -> StoredKey:
    """The new key as stored; one at a time, or two would sign."""
    await tx.lock(keyed(context.keys.lock, b"signing_keys"))
    key = command.key
    signs_now = any(stored.active_at <= context.now for stored in await signing_keys.list_all(tx))
    active_at = context.now + (command.lead_seconds * SECOND if signs_now else 0)
    sealed = seal(context.keys.seal_signing, key.private_bytes(), associated=key.kid.encode(), entropy=context.entropy)
    stored = StoredKey(key.kid, key.algorithm, sealed, context.now, active_at)
    await signing_keys.retire_all(tx, retired_at=active_at)
    await signing_keys.add(tx, stored)
    fields = {"kid": key.kid, "algorithm": key.algorithm}
    await audit.append(tx, context, AuditEvent(name=EventName.KEY_ROTATED, fields=fields))
    return stored
