# SPDX-License-Identifier: Apache-2.0
"""Raise a login's poll interval by five seconds, for good (RFC 8628 §3.5)."""

from counterfoil_service.db import login_notes
from counterfoil_service.db.engine import Context, Transaction

STEP_SECONDS = 5


async def slow_login(tx: Transaction, login_id: str, context: Context) -> None:  # noqa: ARG001 - every operation's shape
    """No event: the login's state does not change."""
    await login_notes.slow_down(tx, login_id, seconds=STEP_SECONDS)
