# SPDX-License-Identifier: Apache-2.0
"""Count what was sealed, in the sealer's own transaction: exact, each entry once, and no request pays for it.

Where another release sealed, or a service kept a log before it kept counts, those entries are counted first.
"""

from collections.abc import Mapping

import msgspec

from counterfoil_service.core.event_tally import Counted, Kind, tally
from counterfoil_service.db import event_counts
from counterfoil_service.db.engine import Context, Transaction


class CountedEntries(msgspec.Struct, frozen=True):
    """How many entries of the log, and what was added to the counts for them."""

    entries: int
    added: Mapping[Kind, Counted]


async def count_events(tx: Transaction, limit: int, context: Context) -> CountedEntries:
    """The next entries of the log, `limit` at most. For whoever holds the lock of the log."""
    counted = await event_counts.entries_counted(tx)
    events = await event_counts.uncounted(tx, counted, limit)
    if not events:
        return CountedEntries(0, {})
    known = await event_counts.known_steps(tx, events, counted)
    added = tally(events, known, context.now)
    # What was pruned before it was counted is passed over.
    await event_counts.add_up(tx, added, events[-1].place + 1 - counted)
    return CountedEntries(len(events), added)
