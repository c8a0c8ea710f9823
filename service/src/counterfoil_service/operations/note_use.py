# SPDX-License-Identifier: Apache-2.0
"""Note that a browser's session is used, so that it does not end as idle: no event, as nothing else changes."""

from counterfoil_service.db import sessions
from counterfoil_service.db.engine import Context, Transaction


async def note_use(tx: Transaction, session_id: str, context: Context) -> None:
    """Move its last use to now."""
    await sessions.touch(tx, session_id, now=context.now)
