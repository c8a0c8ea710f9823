# SPDX-License-Identifier: Apache-2.0
"""Whose session this is, as long as it lives: what makes a revocation count at once where it is asked."""

import msgspec

from counterfoil_service.core.session import Limits
from counterfoil_service.db import sessions
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
    found = await sessions.get_with_user(tx, session_id)
    if found is None:
        return None
    session, user = found
    return Person(session, user) if session.lives(limits, now) and user.disabled_at is None else None
