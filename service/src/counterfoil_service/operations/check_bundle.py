# SPDX-License-Identifier: Apache-2.0
"""Look whether 256 entries of the log, and the tiles above them, still are what was sealed: a piece of the self-check.

What is compared was written in one transaction, so a difference is an edit, or a disk that forgets [R126].
"""

from counterfoil_service.core.merkle import HASH_BYTES, leaf_hash, root_of
from counterfoil_service.core.tiles import TILE_BYTES, WIDTH
from counterfoil_service.db import log
from counterfoil_service.db.engine import ReadTransaction


async def check_bundle(tx: ReadTransaction, bundle: int) -> int | None:
    """The first entry of this bundle that does not fit, or None. Entries that were pruned have their hashes alone."""
    # In this order: meanwhile entries and hashes are added, both at once, and entries pruned from the beginning.
    tile = await log.tile(tx, 0, bundle)
    start = bundle * WIDTH
    found = {entry.index: entry for entry in await log.entries(tx, start, WIDTH)}
    first_kept = await log.first_index(tx)
    for number, kept in enumerate(_hashes(tile), start):
        entry = found.get(number)
        if number >= first_kept and (entry is None or entry.data is None or leaf_hash(entry.data) != kept):
            return number
    return None if await _joins(tx, tile, bundle) else start


async def _joins(tx: ReadTransaction, tile: bytes, index: int) -> bool:
    """Whether every full tile from here upwards has its root in the tile above."""
    level = 0
    while len(tile) == TILE_BYTES:
        above, slot = divmod(index, WIDTH)
        level += 1
        parent = await log.tile(tx, level, above)
        if parent[slot * HASH_BYTES : (slot + 1) * HASH_BYTES] != root_of(_hashes(tile)):
            return False
        tile, index = parent, above
    return True


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]
