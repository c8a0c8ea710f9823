# SPDX-License-Identifier: Apache-2.0
"""Who signs the audit log's checkpoints: one Ed25519 key for each service, derived from its secret."""

from counterfoil_service.crypto.keys import Keys
from counterfoil_service.crypto.notes import NoteKey
from counterfoil_service.settings import Settings


def log_key(keys: Keys, settings: Settings) -> NoteKey:
    """Its name is the log's origin: where the log is served, without the scheme (C2SP tlog-checkpoint)."""
    return NoteKey(f"{settings.public_url.partition('://')[2]}/log", keys.log)
