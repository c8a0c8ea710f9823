# SPDX-License-Identifier: Apache-2.0
"""The cookies of signed-in browsers, of which hashes alone are stored."""

from sqlalchemy import delete, select

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_row, parameter
from counterfoil_service.db.tables import cookies

_ADD = Statement(insert_row(cookies))
_SESSION = Statement(select(cookies.c.session_id).where(cookies.c.cookie_hash == parameter("cookie_hash")))
_DROP = Statement(delete(cookies).where(cookies.c.session_id == parameter("session_id")))


async def add(tx: Transaction, *, cookie_hash: bytes, session_id: str) -> None:
    """Let this cookie stand for this session."""
    await tx.run(_ADD, {"cookie_hash": cookie_hash, "session_id": session_id})


async def session_of(tx: ReadTransaction, cookie_hash: bytes) -> str | None:
    """The id of the cookie's session, or None."""
    row = await tx.one(_SESSION, {"cookie_hash": cookie_hash})
    return None if row is None else str(row[0])


async def drop(tx: Transaction, session_id: str) -> None:
    """Forget the cookies of a session."""
    await tx.run(_DROP, {"session_id": session_id})
