# SPDX-License-Identifier: Apache-2.0
"""When a mailbox was mailed: what its mail budgets count [R95]. Read together with the logins, in `db/logins.py`."""

from sqlalchemy import delete, select, tuple_

from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import due_rows, insert_row, parameter
from counterfoil_service.db.tables import mailings

_ADD = Statement(insert_row(mailings))
_whole = tuple_(mailings.c.mailbox, mailings.c.mailed_at)
_old = due_rows(select(mailings.c.mailbox, mailings.c.mailed_at).where(mailings.c.mailed_at <= parameter("before")))
_PURGE = Statement(delete(mailings).where(_whole.in_(_old)).returning(mailings.c.mailed_at))


async def add(tx: Transaction, *, mailbox: bytes, now: int) -> None:
    """Count one mail."""
    await tx.run(_ADD, {"mailbox": mailbox, "mailed_at": now})


async def purge(tx: Transaction, *, before: int, limit: int) -> int:
    """Forget about `limit` that no budget counts any more; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))
