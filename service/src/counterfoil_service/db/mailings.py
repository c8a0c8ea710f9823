# SPDX-License-Identifier: Apache-2.0
"""When a mailbox was mailed: what its mail budgets count [R95]. Read together with the logins, in `db/logins.py`."""

from typing import Any

from sqlalchemy import ColumnElement, delete, literal_column, select, tuple_

from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import any_due, due_rows, insert_row, parameter
from counterfoil_service.db.tables import mailings

_ADD = Statement(insert_row(mailings))
_whole = tuple_(mailings.c.mailbox, mailings.c.mailed_at)
# PostgreSQL knows a row by its place: it has no key of one column, and a row that is held stays where it is.
_place: ColumnElement[Any] = literal_column("mailings.ctid")
_old, _old_places = (
    due_rows(
        select(*columns).select_from(mailings).where(mailings.c.mailed_at <= parameter("before")), mailings.c.mailed_at
    )
    for columns in ((mailings.c.mailbox, mailings.c.mailed_at), (_place,))
)
_purge = delete(mailings).returning(mailings.c.mailed_at)
_PURGE = Statement(_purge.where(_whole.in_(_old)), postgresql=_purge.where(any_due(_place, _old_places)))


async def add(tx: Transaction, *, mailbox: bytes, now: int) -> None:
    """Count one mail."""
    await tx.run(_ADD, {"mailbox": mailbox, "mailed_at": now})


async def purge(tx: Transaction, *, before: int, limit: int) -> int:
    """Forget about `limit` that no budget counts any more; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))
