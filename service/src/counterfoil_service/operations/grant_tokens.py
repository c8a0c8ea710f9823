# SPDX-License-Identifier: Apache-2.0
"""What a living session gives to its device: claims to be signed, and a refresh token whose hash is stored."""

from counterfoil_service.core import identifiers
from counterfoil_service.core.grant import Grant
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import refresh_tokens
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session


async def grant_tokens(tx: Transaction, session: Session, refresh_token: str | None, context: Context) -> Grant:
    """The grant; its refresh token, if there is one, is stored as the session's current one."""
    if refresh_token is not None:
        token_hash = digest(refresh_token)
        await refresh_tokens.add(tx, session_id=session.id, token_hash=token_hash, now=context.now)
    return Grant(
        subject=session.user_id,
        session_id=session.id,
        application_id=session.application_id,
        audience=session.audience,
        scope=session.scope,
        amr=tuple(session.amr.split()),
        auth_time=session.auth_time,
        issued_at=context.now,
        token_id=identifiers.subject(context.entropy),
        jkt=session.jkt,
        refresh_token=refresh_token,
    )
