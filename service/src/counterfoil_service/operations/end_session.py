# SPDX-License-Identifier: Apache-2.0
"""A person ends a session of their own [R87]."""

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.session import require_fresh
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db import proofs, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


class EndSession(msgspec.Struct, frozen=True):
    """`asking` is the session in which the person asks; it may end itself at any time, others when it is fresh."""

    session_id: str
    asking: Session
    proof: Proof | None = None


async def end_session(tx: Transaction, command: EndSession, context: Context) -> None:
    """A Refusal where the person has no such living session, or the sign-in is too old for it."""
    asking = command.asking
    if command.session_id != asking.id:
        require_fresh(asking.auth_time, context.now)
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    session = await sessions.get(tx, command.session_id) if is_ulid(command.session_id) else None
    own = session is not None and session.user_id == asking.user_id
    ended = await sessions.end(tx, command.session_id, now=context.now) if own else None
    if ended is None:
        raise Refusal(ErrorCode.NOT_FOUND, "You have no living session of this id.")
    await record_ended_sessions(tx, [ended], context, reason="ended_by_person")
