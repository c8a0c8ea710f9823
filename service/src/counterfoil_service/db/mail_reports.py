# SPDX-License-Identifier: Apache-2.0
"""What mail providers told already, by a hash: they tell it again."""

from sqlalchemy import delete, select

from counterfoil_service.crypto.keys import digest
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.statements import change_due, due_rows, insert_unless_there, parameter
from counterfoil_service.db.tables import mail_reports

_c = mail_reports.c
_REMEMBER = insert_unless_there(mail_reports, _c.received_at)
_old = due_rows(select(_c.report_hash).where(_c.received_at <= parameter("before")), _c.received_at)
_PURGE = change_due(delete(mail_reports).returning(_c.report_hash), _c.report_hash, _old)


async def remember(tx: Transaction, identity: str, *, now: int) -> bool:
    """Whether it is new; of two at one time the second waits for the first, and is not."""
    return await tx.one(_REMEMBER, {"report_hash": digest(identity), "received_at": now}) is not None


async def purge(tx: Transaction, *, before: int, limit: int) -> int:
    """Forget at most `limit` that no provider repeats any more; how many."""
    return len(await tx.all(_PURGE, {"before": before, "limit": limit}))
