# SPDX-License-Identifier: Apache-2.0
"""The device gives up what a token stands for: the session, or the login that it still waits for (RFC 7009)."""

import msgspec

from counterfoil_service.core.budget import AlertDue
from counterfoil_service.core.grant import AccessClaims, session_of
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import proofs, refresh_tokens, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.cancel_login import CancelLogin, cancel_login
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions
from counterfoil_service.operations.record_stolen_token import Stolen, record_stolen_token


class RevokeToken(msgspec.Struct, frozen=True):
    """`claims` are an access token's, once its signature was verified; None for every other token.

    `charged`: an alert may be written.
    """

    application_id: str
    token: str
    claims: AccessClaims | None
    proof: Proof | None
    source: str
    user_agent: str
    charged: bool = False

    def __repr__(self) -> str:
        return f"RevokeToken(application_id={self.application_id!r})"


async def revoke_token(tx: Transaction, command: RevokeToken, context: Context) -> None:
    """End what the caller may end; anything else has no effect and the same answer (RFC 7009 §2.2).

    AlertDue where that raises an alert and the caller was not charged for it.
    """
    if command.claims is None and session_of(command.token) is None:
        cancel = CancelLogin(command.application_id, command.token, command.proof, command.charged)
        await cancel_login(tx, cancel, context)
        return
    session = await _session(tx, command)
    if session is None or session.application_id != command.application_id or session.ended_at is not None:
        return
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    if (command.proof.jkt if command.proof else None) != session.jkt:
        if not command.charged:
            raise AlertDue
        await record_stolen_token(tx, Stolen(session, "revoke", command.source, command.user_agent), context)
        return
    ended = await sessions.end(tx, session.id, now=context.now)
    if ended is not None:
        await record_ended_sessions(tx, [ended], context, reason="revoked")


async def _session(tx: Transaction, command: RevokeToken) -> Session | None:
    """Of a refresh token any that the session ever had: who gives it up may have missed the last answer."""
    if command.claims is not None:
        return await sessions.get(tx, command.claims.sid, locked=True)
    session_id = session_of(command.token) or ""
    if await refresh_tokens.state_of(tx, session_id=session_id, token_hash=digest(command.token)) is None:
        return None
    return await sessions.get(tx, session_id, locked=True)
