# SPDX-License-Identifier: Apache-2.0
"""One-time links into the console: hashes alone, at most one that lives for each operator."""

from sqlalchemy import delete, select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, due_rows, insert_row, parameter
from counterfoil_service.db.tables import operator_links

_c = operator_links.c
_lives = (_c.link_hash == parameter("link_hash"), _c.used_at.is_(None), _c.expires_at > parameter("now"))
_ISSUE = Statement(insert_row(operator_links))
_LIVING = Statement(select(_c.operator_id).where(*_lives))
_USE = Statement(update(operator_links).where(*_lives).values(used_at=parameter("now")).returning(_c.operator_id))
_over = due_rows(select(_c.link_hash).where(_c.expires_at <= parameter("before")), _c.expires_at)
_PURGE = change_due(delete(operator_links).returning(_c.link_hash), _c.link_hash, _over)
_FORGET = Statement(delete(operator_links).where(_c.operator_id == parameter("operator_id")))


async def issue(tx: Transaction, *, link_hash: bytes, operator_id: str, now: int, expires_at: int) -> None:
    """Keep a new one."""
    values = {"link_hash": link_hash, "operator_id": operator_id, "created_at": now, "expires_at": expires_at}
    await tx.run(_ISSUE, values | {"used_at": None})


async def living(tx: ReadTransaction, link_hash: bytes, *, now: int) -> str | None:
    """Whose it is, as long as it can be used; it is not used by being looked at."""
    row = await tx.one(_LIVING, {"link_hash": link_hash, "now": now})
    return None if row is None else str(row[0])


async def use(tx: Transaction, link_hash: bytes, *, now: int) -> str | None:
    """Use it up: whose it was, or None for everybody but the first in time."""
    row = await tx.one(_USE, {"link_hash": link_hash, "now": now})
    return None if row is None else str(row[0])


async def forget(tx: Transaction, operator_id: str) -> None:
    """All of an operator's."""
    await tx.run(_FORGET, {"operator_id": operator_id})


async def purge(tx: Transaction, *, before: int, limit: int) -> int:
    """Delete at most `limit` that expired `before` or earlier, used or not; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))
