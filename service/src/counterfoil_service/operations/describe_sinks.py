# SPDX-License-Identifier: Apache-2.0
"""Tell how far each sink of the audit log is behind."""

import msgspec

from counterfoil_service.db import audit_sinks, log
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.db.engine import ReadTransaction


class SinkState(msgspec.Struct, frozen=True):
    """`behind` counts sealed entries that it has not got; `waiting_since` is when the oldest of them was sealed.

    Microseconds UTC; None where nothing waits.
    """

    row: SinkRow
    behind: int
    waiting_since: int | None


async def describe_sinks(tx: ReadTransaction) -> list[SinkState]:
    """Every sink that was ever configured."""
    checkpoint = await log.latest_checkpoint(tx)
    size = 0 if checkpoint is None else checkpoint.size
    return [await _state(tx, row, size) for row in await audit_sinks.get_all(tx)]


async def _state(tx: ReadTransaction, row: SinkRow, size: int) -> SinkState:
    covering = await audit_sinks.covering(tx, row.next_index)
    return SinkState(row, max(0, size - row.next_index), None if covering is None else covering[1])
