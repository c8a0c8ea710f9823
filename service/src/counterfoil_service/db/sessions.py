# SPDX-License-Identifier: Apache-2.0
"""Sessions and their refresh tokens, of which hashes alone are stored."""

import msgspec
from sqlalchemy import exists, func, select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_row, parameter
from counterfoil_service.db.tables import refresh_tokens, sessions


class Session(msgspec.Struct, frozen=True):
    """What one collected login gave to one device."""

    id: str
    user_id: str
    application_id: str
    login_id: str
    jkt: str | None
    scope: str
    audience: str
    amr: str
    auth_time: int
    created_at: int
    ended_at: int | None = None


_s, _t = sessions.c, refresh_tokens.c
_ADD = Statement(insert_row(sessions))
_GET = Statement(select(sessions).where(_s.id == parameter("id")))
_KNOWN = Statement(
    select(
        exists().where(
            _s.jkt == parameter("jkt"),
            _s.application_id == parameter("application_id"),
            _s.user_id == parameter("user_id"),
        )
    )
)
_END_ALL = Statement(
    update(sessions)
    .where(_s.application_id == parameter("application_id"), _s.ended_at.is_(None))
    .values(ended_at=parameter("now"))
    .returning(_s.id, _s.user_id, _s.login_id)
)
_ADD_TOKEN = Statement(insert_row(refresh_tokens))
_REPLACE = Statement(
    update(refresh_tokens)
    .where(_t.session_id == parameter("session_id"), _t.state == constant("current"))
    .values(state=constant("replaced"))
)
_USED = Statement(
    select(func.count())
    .select_from(refresh_tokens)
    .where(_t.session_id == parameter("session_id"), _t.state == constant("used"))
)


async def add(tx: Transaction, session: Session) -> None:
    """Insert a new session."""
    await tx.run(_ADD, msgspec.structs.asdict(session))


async def get(tx: ReadTransaction, session_id: str) -> Session | None:
    """By its id."""
    row = await tx.one(_GET, {"id": session_id})
    return None if row is None else Session(*row)


async def key_is_known(tx: ReadTransaction, *, jkt: str, application_id: str, user_id: str) -> bool:
    """Whether this key ever signed this person in to this application."""
    row = await tx.one(_KNOWN, {"jkt": jkt, "application_id": application_id, "user_id": user_id})
    return bool(row and row[0])


async def end_all(tx: Transaction, *, application_id: str, now: int) -> list[tuple[str, str, str]]:
    """End every session of an application: (session id, subject, login id) of each."""
    rows = await tx.all(_END_ALL, {"application_id": application_id, "now": now})
    return [(row[0], row[1], row[2]) for row in rows]


async def add_refresh_token(tx: Transaction, *, session_id: str, token_hash: bytes, now: int) -> None:
    """Store a new current token."""
    await tx.run(
        _ADD_TOKEN, {"token_hash": token_hash, "session_id": session_id, "state": "current", "created_at": now}
    )


async def replace_refresh_token(tx: Transaction, session_id: str) -> None:
    """Let the unused current token die; presented later it is refused without alarm [R44]."""
    await tx.run(_REPLACE, {"session_id": session_id})


async def refresh_token_was_used(tx: ReadTransaction, session_id: str) -> bool:
    """Whether any refresh token of the session was ever used."""
    row = await tx.one(_USED, {"session_id": session_id})
    return bool(row and row[0])
