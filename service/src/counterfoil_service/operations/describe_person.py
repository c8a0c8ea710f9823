# SPDX-License-Identifier: Apache-2.0
"""Whose session this is, as long as it lives: what makes a revocation count at once where it is asked."""

import msgspec

from counterfoil_service.core.session import Limits, ended_by
from counterfoil_service.db import sessions, users
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User


class Person(msgspec.Struct, frozen=True):
    """A living session and its user, who is not disabled."""

    session: Session
    user: User

    def __repr__(self) -> str:
        return f"Person(session={self.session!r})"


async def describe_person(tx: ReadTransaction, session_id: str, limits: Limits, now: int) -> Person | None:
    """None when the session was ended or a limit has ended it, and when its user may not sign in any more."""
    session = await sessions.get(tx, session_id)
    if session is None or session.ended_at is not None:
        return None
    limit = ended_by(created_at=session.created_at, last_used_at=session.last_used_at, limits=limits, now=now)
    user = await users.get(tx, session.user_id)
    if limit is not None or user is None or user.disabled_at is not None:
        return None
    return Person(session, user)
