# SPDX-License-Identifier: Apache-2.0
"""Let a mail carry its digits, unless too many were guessed wrong: then nothing is left to guess [R98]."""

from base64 import b64encode

from counterfoil_service.core.mail_code import MAX_MISSES
from counterfoil_service.db import mailbox_keys
from counterfoil_service.db.engine import Context, Entropy, Transaction

_HASH_BYTES = 32


async def admit_mail_code(
    tx: Transaction, made: tuple[str, str] | None, mailbox: bytes, context: Context
) -> tuple[str | None, str | None]:
    """The digits to be mailed and their hash; after too many misses no digits, and a hash that none fit.

    Whoever asks sees no difference. It lasts until somebody who reads the mailbox has signed in.
    """
    if made is None:
        return None, None
    digits, encoded = made
    if await mailbox_keys.mail_code_misses(tx, mailbox) < MAX_MISSES:
        return digits, encoded
    return None, hash_of_nothing(encoded, context.entropy)


def hash_of_nothing(encoded: str, entropy: Entropy) -> str:
    """An argon2id hash of the same look that no digits fit."""
    settings, _, found = encoded.rpartition("$")
    nothing = b64encode(entropy(_HASH_BYTES)).decode().rstrip("=")
    return f"{settings}${nothing[: len(found)]}"
