# SPDX-License-Identifier: Apache-2.0
"""Tell what waits, for whoever watches the service from outside: sizes and ages alone, and nobody's."""

import msgspec

from counterfoil_service.db import alerts, log, overview_figures
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import SignedCheckpoint
from counterfoil_service.db.overview_figures import Queue
from counterfoil_service.operations.describe_sinks import describe_sinks


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Times in microseconds UTC. `unsealed` ends at `log.MOST_COUNTED`; `furthest_behind` is a sink's, in entries."""

    mail: Queue
    pushes: Queue
    alerts: int
    unsealed: int
    oldest_unsealed: int | None
    checkpoint: SignedCheckpoint | None
    furthest_behind: int


async def describe_load(tx: ReadTransaction, now: int) -> Load:
    """From indexes and small tables alone."""
    unsealed, oldest = await log.backlog(tx)
    return Load(
        mail=await overview_figures.mail_queue(tx, now),
        pushes=await overview_figures.push_queue(tx, now),
        alerts=await alerts.count_unseen(tx),
        unsealed=unsealed,
        oldest_unsealed=oldest,
        checkpoint=await log.latest_checkpoint(tx),
        furthest_behind=max((sink.behind for sink in await describe_sinks(tx)), default=0),
    )
