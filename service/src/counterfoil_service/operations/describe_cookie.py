# SPDX-License-Identifier: Apache-2.0
"""Whom a browser's cookie signs in, and where: the service's own pages alone, or one protected host."""

from counterfoil_service.core.session import Limits
from counterfoil_service.db import cookies
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.describe_person import Person, describe_person


async def describe_cookie(
    tx: ReadTransaction, cookie_hash: bytes, application_id: str, limits: Limits, now: int
) -> Person | None:
    """None for an unknown cookie, an ended session, a disabled user, and a session of another application."""
    session_id = await cookies.session_of(tx, cookie_hash)
    person = None if session_id is None else await describe_person(tx, session_id, limits, now)
    return person if person is not None and person.session.application_id == application_id else None
