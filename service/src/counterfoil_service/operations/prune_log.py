# SPDX-License-Identifier: Apache-2.0
"""Take the oldest entries out of the audit log, bundle by bundle [R134]: access is denied, the tree stays as it is.

The hashes are kept, so that proofs of every other entry still verify (C2SP tlog-tiles, Pruning), and an event says what
was taken: whoever verifies the log tells pruning from deletion by it.
"""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, audit_sinks, log
from counterfoil_service.db.engine import Context, Transaction


class PruneLog(msgspec.Struct, frozen=True):
    """Entries older than `before` (microseconds UTC), at most so many whole bundles of 256."""

    before: int
    bundles: int
    reason: Literal["retention", "by_operator"]


async def prune_log(tx: Transaction, command: PruneLog, context: Context) -> int:
    """How many bundles were taken; fewer than asked for where the rest is too young, unsealed, or not delivered yet."""
    await tx.lock(keyed(context.keys.lock, b"log"))
    first = await log.first_index(tx)
    end = await _sealed_and_delivered(tx, context)
    if first % WIDTH:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"the log begins inside a bundle, at entry {first}: nobody pruned it so; run `counterfoil audit verify`",
        )
    below = first
    # One sealed entry always stays: by it the log's beginning is known.
    while below < first + command.bundles * WIDTH and below + WIDTH < end:
        if await log.newest_time(tx, below, below + WIDTH) >= command.before:
            break
        below += WIDTH
    if below == first:
        return 0
    await log.remove_below(tx, below)
    event = AuditEvent(name=EventName.AUDIT_PRUNED, reason=command.reason, fields={"below": below})
    await audit.append(tx, context, event)
    return (below - first) // WIDTH


async def _sealed_and_delivered(tx: Transaction, context: Context) -> int:
    """The first entry that has to stay: what no checkpoint covers, or a sink has not got yet."""
    checkpoint = await log.latest_checkpoint(tx)
    size = 0 if checkpoint is None else checkpoint.size
    waiting = [await audit_sinks.next_index(tx, sink.name) for sink in context.settings.audit_sinks]
    return min([size, *(0 if index is None else index for index in waiting)])
