# SPDX-License-Identifier: Apache-2.0
"""Whether a token is good right now, for an application that may know (RFC 7662) [R86]."""

from counterfoil_service.core.application import Application
from counterfoil_service.core.grant import AccessClaims, session_of
from counterfoil_service.core.session import Limits
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import refresh_tokens
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.describe_person import Person, describe_person


async def introspect_access_token(
    tx: ReadTransaction, claims: AccessClaims, caller: Application, limits: Limits, now: int
) -> Person | None:
    """None unless it was issued to the caller, or is meant for an audience that the caller is registered for."""
    if claims.client_id != caller.id and claims.aud not in caller.audiences:
        return None
    return await describe_person(tx, claims.sid, limits, now)


async def introspect_refresh_token(
    tx: ReadTransaction, token: str, caller: Application, limits: Limits, now: int
) -> Person | None:
    """None unless it is the current one of the caller's own session: nobody else has any business with it."""
    session_id = session_of(token) or ""
    if await refresh_tokens.state_of(tx, session_id=session_id, token_hash=digest(token)) != "current":
        return None
    person = await describe_person(tx, session_id, limits, now)
    return person if person is not None and person.session.application_id == caller.id else None
