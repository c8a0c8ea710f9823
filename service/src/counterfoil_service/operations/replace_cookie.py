# SPDX-License-Identifier: Apache-2.0
"""No cookie lives through a sign-in, whoever had put it there."""

from counterfoil_service.db import cookies, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


async def replace_cookie(tx: Transaction, cookie_hash: bytes | None, context: Context) -> None:
    """End the session behind what signed the browser in so far."""
    old = None if cookie_hash is None else await cookies.session_of(tx, cookie_hash)
    ended = None if old is None else await sessions.end(tx, old, now=context.now)
    if ended is not None:
        await record_ended_sessions(tx, [ended], context, reason="signed_in_again")
