# SPDX-License-Identifier: Apache-2.0
"""Meet a sink of the settings: for the first time at the end of the log, later where it was left."""

from counterfoil_service.db import audit_sinks, log
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.db.engine import Context, Transaction


async def register_sink(tx: Transaction, name: str, context: Context) -> None:
    """Any number of replicas may do so; one that was taken out of the settings and comes back has missed nothing."""
    end = await log.last_index(tx) + 1
    await audit_sinks.add(tx, SinkRow(name, end, 0, context.now, None, context.now))
