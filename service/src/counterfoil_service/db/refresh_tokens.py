# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens, of which hashes alone are stored.

`current` may be spent; `used` was spent, and its successor may be asked for again until that one is used; `replaced`
died unused with a lost answer.
"""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update

from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_unless_there, parameter
from counterfoil_service.db.tables import refresh_tokens

_t = refresh_tokens.c
_mine = (_t.token_hash == parameter("token_hash"), _t.session_id == parameter("session_id"))
_ADD = insert_unless_there(refresh_tokens)
_SPEND = Statement(
    update(refresh_tokens)
    .where(*_mine, _t.state == constant("current"))
    .values(state=constant("used"))
    .returning(_t.token_hash)
)
_REPLACE = Statement(
    update(refresh_tokens)
    .where(_t.session_id == parameter("session_id"), _t.state == constant("current"))
    .values(state=constant("replaced"))
)
_DROP = Statement(delete(refresh_tokens).where(_t.session_id == parameter("session_id")))
_STATE = Statement(select(_t.state).where(*_mine))
_USED = Statement(select(exists().where(_t.session_id == parameter("session_id"), _t.state == constant("used"))))


async def add(tx: Transaction, *, session_id: str, token_hash: bytes, now: int) -> None:
    """Store a new current token; one that is there already stays as it is."""
    await tx.run(_ADD, {"token_hash": token_hash, "session_id": session_id, "state": "current", "created_at": now})


async def spend(tx: Transaction, *, session_id: str, token_hash: bytes) -> bool:
    """Current → used; of parallel callers exactly one wins."""
    return await tx.one(_SPEND, {"token_hash": token_hash, "session_id": session_id}) is not None


async def state_of(tx: ReadTransaction, *, session_id: str, token_hash: bytes) -> str | None:
    """`current`, `used`, `replaced`, or None for a token that this session never had."""
    return found_state(await tx.all(*asking_state(session_id=session_id, token_hash=token_hash)))


def asking_state(*, session_id: str, token_hash: bytes) -> Query:
    """For `gather`: what `found_state` is then given."""
    return _STATE, {"token_hash": token_hash, "session_id": session_id}


def found_state(rows: Sequence[Row]) -> str | None:
    """What `state_of` says, of what was read."""
    return str(rows[0][0]) if rows else None


async def replace_current(tx: Transaction, session_id: str) -> None:
    """Let the unused current token die; presented later it is refused without alarm [R44]."""
    await tx.run(_REPLACE, {"session_id": session_id})


async def drop(tx: Transaction, session_id: str) -> None:
    """Forget the tokens of a session that has ended: it takes none any more, whatever they say."""
    await tx.run(_DROP, {"session_id": session_id})


async def any_used(tx: ReadTransaction, session_id: str) -> bool:
    """Whether any refresh token of the session was ever used."""
    row = await tx.one(_USED, {"session_id": session_id})
    return bool(row and row[0])
