# SPDX-License-Identifier: Apache-2.0
"""A person ends all sessions of their own but the one they sit at [R87]."""

from counterfoil_service.core.session import require_fresh
from counterfoil_service.db import sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


async def end_other_sessions(tx: Transaction, asking: Session, context: Context) -> int:
    """How many ended; a Refusal where the sign-in is too old for it."""
    require_fresh(asking.auth_time, context.now)
    ended = await sessions.end_others(tx, asking, now=context.now)
    await record_ended_sessions(tx, ended, context, reason="ended_by_person")
    return len(ended)
