# SPDX-License-Identifier: Apache-2.0
"""Tell how the service does: what came of logins over some time, how long people take, and what waits."""

from statistics import median

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.identifiers import is_ulid, ulid_time
from counterfoil_service.db import alerts, cosignatures, event_counts, log, overview_figures
from counterfoil_service.db.cosignatures import Cosignature
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.event_counts import Bar, Total
from counterfoil_service.db.log import SignedCheckpoint
from counterfoil_service.db.overview_figures import Queue
from counterfoil_service.operations.describe_sinks import SinkState, describe_sinks


class OverviewWindow(msgspec.Struct, frozen=True):
    """From `since` to `now`, both in microseconds UTC, in bars of `width`."""

    since: int
    now: int
    width: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`ends`: of logins, a bar after the other.

    `typical` is the median of the time from asking to approval, of the `approvals` that were looked at. `uncounted`:
    entries of the log that no count has yet. `broken_at`: when the log was found changed, if nothing was signed since.
    """

    totals: list[Total]
    ends: list[Bar]
    approvals: int
    typical: int | None
    alerts: int
    mail: Queue
    pushes: Queue
    sinks: list[SinkState]
    checkpoint: SignedCheckpoint | None
    cosigned: list[Cosignature]
    uncounted: int
    broken_at: int | None


async def describe_overview(tx: ReadTransaction, window: OverviewWindow) -> Overview:
    """From counts, indexes and small tables alone."""
    since, now = window.since, window.now
    took = [
        approved_at - ulid_time(login_id)
        for login_id, approved_at in (await overview_figures.newest_approvals(tx, since)).items()
        if is_ulid(login_id)
    ]
    checkpoint = await log.latest_checkpoint(tx)
    size = 0 if checkpoint is None else checkpoint.size
    failed_at = await overview_figures.newest_time_of(tx, EventName.AUDIT_CHECKPOINT_FAILED)
    return Overview(
        totals=await event_counts.totals(tx, since, now, now),
        ends=await event_counts.login_ends(tx, since, now + 1, window.width),
        approvals=len(took),
        typical=round(median(took)) if took else None,
        alerts=await alerts.count_unseen(tx),
        mail=await overview_figures.mail_queue(tx, now),
        pushes=await overview_figures.push_queue(tx, now),
        sinks=await describe_sinks(tx),
        checkpoint=checkpoint,
        cosigned=await cosignatures.of_witnesses(tx),
        uncounted=max(0, size - await event_counts.entries_counted(tx)),
        broken_at=None if failed_at is None or (checkpoint and checkpoint.time > failed_at) else failed_at,
    )
