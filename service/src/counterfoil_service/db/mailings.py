# SPDX-License-Identifier: Apache-2.0
"""When a mailbox was mailed: what its mail budgets count [R95]. Read together with the logins, in `db/logins.py`."""

from sqlalchemy import delete

from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_row, parameter
from counterfoil_service.db.tables import mailings

_ADD = Statement(insert_row(mailings))
_PURGE = Statement(delete(mailings).where(mailings.c.mailed_at <= parameter("before")))


async def add(tx: Transaction, *, mailbox: bytes, now: int) -> None:
    """Count one mail."""
    await tx.run(_ADD, {"mailbox": mailbox, "mailed_at": now})


async def purge(tx: Transaction, *, before: int) -> None:
    """Forget what no budget counts any more."""
    await tx.run(_PURGE, {"before": before})
