# SPDX-License-Identifier: Apache-2.0
"""A log in memory that anybody can change: entries, the tiles that are kept of them, and signed states."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from counterfoil_service.audit.evidence import Bundle
from counterfoil_service.audit.verify import Progress, Verified, Verifier, verify
from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.leaf import Leaf, leaf_bytes
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.core.tiles import WIDTH, Tiles

ORIGIN = "log.example/log"


def entry(number: int, name: str, **fields: int) -> bytes:
    """A leaf that no other number has."""
    leaf = Leaf(id=f"{number:032x}", time="2026-11-20T09:15:02.114Z", type=name, outcome="success", fields=dict(fields))
    return leaf_bytes(leaf)


class MemoryLog:
    """Satisfies `Source`; `sealed` are the sizes that were signed, the last one the whole log."""

    name = "memory"

    def __init__(self, entries: list[bytes], sealed: Iterable[int]) -> None:
        self.entries: list[bytes | None] = list(entries)
        self.tiles: dict[tuple[int, int], bytes] = dict(
            tiles.append(0, [leaf_hash(each) for each in entries], lambda *_: b"")
        )
        read = tiles.reader(self.tiles)
        self.checkpoints = [Checkpoint(ORIGIN, size, tiles.root(size, read)) for size in sorted(sealed)]
        self.pruned_below = 0
        self.has_tiles = True

    async def bundles(self, start: int, end: int) -> AsyncIterator[Bundle]:
        """As `Source`."""
        end = min(end, len(self.entries))
        while start < end:
            stop = min((start // WIDTH + 1) * WIDTH, end)
            signed = [each for each in self.checkpoints if start < each.size <= stop]
            yield Bundle(
                self.entries[start:stop], signed, dict(self.tiles) if self.has_tiles else None, self.pruned_below
            )
            start = stop

    async def ending(self, size: int) -> Tiles | None:
        """As `Source`."""
        return {place: self.tiles.get(place, b"") for place in tiles.edge(size)} if self.has_tiles else None

    def hash(self, index: int, hashed: bytes, level: int = 0) -> None:
        """Change what is kept at a place of a level."""
        tile, slot = divmod(index, WIDTH)
        content = self.tiles[level, tile]
        self.tiles[level, tile] = content[: slot * 32] + hashed + content[slot * 32 + 32 :]

    def verify(self, progress: Progress | None = None, *against: Checkpoint) -> Verified:
        """Against the newest checkpoint."""
        return asyncio.run(verify(self, Verifier([self.checkpoints[-1], *against], progress), lambda: None))

    def progress_at(self, size: int) -> Progress:
        """How far a verification of an untouched beginning came: the largest signed size up to this one."""
        verifier = Verifier([[each for each in self.checkpoints if each.size <= size][-1]])
        self.take_all(verifier)
        return verifier.resumable

    def take_all(self, verifier: Verifier) -> None:
        """Everything, without an end."""
        asyncio.run(self._take_all(verifier))

    async def _take_all(self, verifier: Verifier) -> None:
        async for bundle in self.bundles(verifier.size, verifier.total):
            verifier.take(bundle)


def memory_log(size: int, *sealed: int, special: "dict[int, bytes] | None" = None) -> MemoryLog:
    """So many entries, some of them special, sealed at these sizes and at the end."""
    named = special or {}
    return MemoryLog([named.get(number, b"entry %d" % number) for number in range(size)], {*sealed, size})
