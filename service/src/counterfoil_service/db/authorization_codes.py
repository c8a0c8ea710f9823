# SPDX-License-Identifier: Apache-2.0
"""Authorization codes: what a browser carries back to the application; redeemed once (RFC 6749 §4.1.2)."""

from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, due_rows, insert_row, parameter
from counterfoil_service.db.tables import authorization_codes


class AuthorizationCode(msgspec.Struct, frozen=True):
    """One row. `user_id` None: the code stands for a pending login (`here`), whose person is known by its mailbox.

    `session_id` is what the first redemption made, so that a second one can end it [R55].
    """

    code_hash: bytes
    login_id: str
    application_id: str
    user_id: str | None
    device_id: str | None
    redirect_uri: str
    code_challenge: str
    jkt: str | None
    scope: str
    audience: str
    amr: str
    auth_time: int
    expires_at: int
    used_at: int | None = None
    session_id: str | None = None

    def __repr__(self) -> str:
        return f"AuthorizationCode(login_id={self.login_id!r})"


_c = authorization_codes.c
_ADD = Statement(insert_row(authorization_codes))
_GET = Statement(select(authorization_codes).where(_c.code_hash == parameter("code_hash")))
_GET_LOCKED = Statement(select(authorization_codes).where(_c.code_hash == parameter("code_hash")).with_for_update())
_USE = Statement(
    update(authorization_codes)
    .where(_c.code_hash == parameter("code_hash"), _c.used_at.is_(None), _c.expires_at > parameter("now"))
    .values(used_at=parameter("now"), session_id=parameter("session_id"))
    .returning(_c.code_hash)
)
_DROP_UNUSED = Statement(delete(authorization_codes).where(_c.login_id == parameter("login_id"), _c.used_at.is_(None)))
_old = due_rows(select(_c.code_hash).where(_c.expires_at <= parameter("before")), _c.expires_at)
_PURGE = change_due(delete(authorization_codes).returning(_c.code_hash), _c.code_hash, _old)


def _code(row: "Any") -> AuthorizationCode | None:
    return None if row is None else AuthorizationCode(*row)


async def add(tx: Transaction, code: AuthorizationCode) -> None:
    """Insert a new code."""
    await tx.run(_ADD, msgspec.structs.asdict(code))


async def get(tx: ReadTransaction, code_hash: bytes) -> AuthorizationCode | None:
    """By the SHA-256 of its text."""
    return _code(await tx.one(_GET, {"code_hash": code_hash}))


async def get_locked(tx: ReadTransaction, code_hash: bytes) -> AuthorizationCode | None:
    """The same, held until the end of the transaction."""
    return _code(await tx.one(_GET_LOCKED, {"code_hash": code_hash}))


async def use(tx: Transaction, code_hash: bytes, *, session_id: str, now: int) -> bool:
    """Redeem: of parallel callers exactly one wins, and none after its time."""
    return await tx.one(_USE, {"code_hash": code_hash, "session_id": session_id, "now": now}) is not None


async def drop_unused(tx: Transaction, login_id: str) -> None:
    """Let nobody redeem what a login has handed out; what was redeemed stays, to notice a second time."""
    await tx.run(_DROP_UNUSED, {"login_id": login_id})


async def purge(tx: Transaction, *, before: int, limit: int) -> int:
    """Forget at most `limit` codes that nobody can redeem, nor present a second time to any effect; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))
