# SPDX-License-Identifier: Apache-2.0
"""Alerts, until somebody has acknowledged them."""

from sqlalchemy import func, select

from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.tables import alerts

_a = alerts.c
_COUNT_UNSEEN = Statement(select(func.count()).select_from(alerts).where(_a.acknowledged_at.is_(None)))


async def count_unseen(tx: ReadTransaction) -> int:
    """How many nobody has acknowledged."""
    row = await tx.one(_COUNT_UNSEEN, {})
    return 0 if row is None else int(row[0])
