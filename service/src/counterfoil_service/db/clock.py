# SPDX-License-Identifier: Apache-2.0
"""The database server's clock, by which replicas are compared."""

from sqlalchemy import text

from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement

# SQLite has no clock but this machine's; to the millisecond, as its date functions give no more.
_NOW = Statement(
    text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"),
    postgresql=text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"),
)


async def now(tx: ReadTransaction) -> int:
    """Microseconds since 1970 UTC."""
    row = await tx.one(_NOW, {})
    assert row is not None  # noqa: S101 - a constant select always answers
    return int(row[0])
