# SPDX-License-Identifier: Apache-2.0
"""Give committed events their places in the log and sign what it then is (RFC 9162 §2.1, C2SP tlog-checkpoint).

Off every request's path: on PostgreSQL a hash chain inside the requests' transactions would make them wait for each
other. The log's order is that of sealing, so an event that was written early and committed late leaves no gap.
"""

from collections.abc import Mapping

import msgspec

from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.event_tally import Counted, Kind
from counterfoil_service.core.merkle import EMPTY_ROOT, leaf_hash
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import log
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.log import Entry, SignedCheckpoint
from counterfoil_service.operations.count_events import count_events
from counterfoil_service.operations.log_key import log_key

_Tiles = dict[tuple[int, int], bytes]


class LogInconsistentError(Exception):
    """The tiles are not those that the last checkpoint was signed over, or a row is no event of ours.

    Nothing is signed until somebody has looked.
    """

    def __init__(self, size: int, entry: int | None = None) -> None:
        where = "" if entry is None else f", at entry {entry}"
        super().__init__(f"its tables were changed since its checkpoint of size {size}{where}")
        self.size, self.entry = size, entry


class Sealed(msgspec.Struct, frozen=True):
    """How many events were sealed by this call, and the newest checkpoint, None while there is no event at all.

    `counted` are the entries that were added to the counts, others than those where counting was behind, and `added` is
    what was added for them.
    """

    count: int
    counted: int
    checkpoint: SignedCheckpoint | None
    added: Mapping[Kind, Counted]


async def seal_events(tx: Transaction, limit: int, context: Context) -> Sealed:
    """At most `limit`, by one sealer at a time on however many replicas.

    Raises LogInconsistentError instead of signing what does not continue the last checkpoint [R126].
    """
    await tx.lock(keyed(context.keys.lock, b"log"))
    last = await log.latest_checkpoint(tx)
    size = 0 if last is None else last.size
    edge = {place: await log.tile(tx, *place) for place in tiles.edge(size)}
    _check(last, edge)
    entries = await log.pending(tx, limit=limit)
    checkpoint = await _append(tx, size, edge, entries, context) if entries else last
    counted = await count_events(tx, limit, context)
    return Sealed(len(entries), counted.entries, checkpoint, counted.added)


def _bytes_of(entry: Entry, size: int) -> bytes:
    if entry.data is None:
        raise LogInconsistentError(size)
    return entry.data


def _check(last: SignedCheckpoint | None, edge: _Tiles) -> None:
    size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
    try:
        fits = tiles.root(size, tiles.reader(edge)) == root
    except ValueError:
        fits = False
    if not fits:
        raise LogInconsistentError(size)


async def _append(tx: Transaction, size: int, edge: _Tiles, entries: list[Entry], context: Context) -> SignedCheckpoint:
    hashes = [leaf_hash(_bytes_of(entry, size)) for entry in entries]
    changed = tiles.append(size, hashes, tiles.reader(edge))
    await log.place(tx, [entry.position for entry in entries], size)
    for (level, tile), content in changed.items():
        await log.write_tile(tx, level, tile, content)
    grown = size + len(entries)
    root = tiles.root(grown, tiles.reader(edge | changed))
    key = log_key(context.keys, context.settings)
    note = key.sign(Checkpoint(key.name, grown, root).body())
    checkpoint = SignedCheckpoint(grown, root, context.now, note)
    await log.add_checkpoint(tx, checkpoint)
    return checkpoint
