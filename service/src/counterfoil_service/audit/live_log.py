# SPDX-License-Identifier: Apache-2.0
"""The log in the service's database, to be verified while the service runs."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, TypeVar

import msgspec

from counterfoil_service.audit.evidence import AlteredError, Bundle, read_checkpoint
from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.tiles import WIDTH, Tiles
from counterfoil_service.db import log, log_ranges
from counterfoil_service.db.engine import Database, ReadTransaction
from counterfoil_service.db.log import SignedCheckpoint

T = TypeVar("T")

_PAGE: Final = 4 * WIDTH


class _Page(msgspec.Struct, frozen=True):
    """What is found before place `stop`, with nothing behind where it `is_last`.

    `entries` are by place. One that is no leaf, or is there twice, has no bytes: no leaf hashes to what they do.
    """

    entries: dict[int, bytes]
    tiles: Tiles
    checkpoints: list[SignedCheckpoint]
    stop: int
    pruned_below: int
    is_last: bool


class LiveLog:
    """Open it before its newest checkpoint is read: on a running service entry and checkpoint are added at once."""

    name = "database"

    def __init__(self, database: Database, vkey: str) -> None:
        self._database, self._vkey = database, vkey
        self._last_index, self._pruned_below = -1, 0

    @classmethod
    async def open(cls, database: Database, vkey: str) -> "LiveLog":
        """The log as it is now; its checkpoints must be by this key."""
        opened = cls(database, vkey)
        opened._last_index = await opened._read(log.last_index)
        return opened

    async def bundles(self, start: int, end: int) -> AsyncIterator[Bundle]:
        """As `Source`."""
        while start < end:
            page = await self._read(_page, start, min((start // _PAGE + 1) * _PAGE, end), self._pruned_below)
            self._pruned_below = page.pruned_below
            signed = [self._own(row) for row in page.checkpoints]
            for first in range(start - start % WIDTH, page.stop, WIDTH):
                places = range(max(first, start), min(first + WIDTH, page.stop))
                yield Bundle(
                    [page.entries.get(place) for place in places],
                    [each for each in signed if places.start < each.size <= places.stop],
                    page.tiles,
                    page.pruned_below,
                )
            if page.is_last:
                return
            start = page.stop

    async def ending(self, size: int) -> Tiles:
        """As `Source`."""
        if self._last_index >= size:
            raise AlteredError(
                f"entry {self._last_index} stands behind the end of the last checkpoint", self._last_index
            )
        # Read anew: the log may have grown since it was opened, and been cut where nothing was read this time.
        ends = await self._read(_end)
        if ends < size:
            raise AlteredError(f"the log ends at entry {ends}, but a checkpoint was signed over {size}", ends)
        return {place: await self._read(log.tile, *place) for place in tiles.edge(size)}

    async def _read(self, query: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        try:
            return await self._database.read(query, *args)
        except (TypeError, ValueError) as error:
            # SQLite's columns hold any type.
            raise AlteredError("a row of the log holds what the service cannot have written") from error

    def _own(self, row: SignedCheckpoint) -> Checkpoint:
        """A stored checkpoint, whose columns must say what its signed text says."""
        signed = read_checkpoint(row.note, self._vkey)
        if (signed.size, signed.root) != (row.size, row.root):
            raise AlteredError(f"the row of the checkpoint of size {signed.size} is not what was signed")
        return signed


async def _page(tx: ReadTransaction, start: int, stop: int, pruned_below: int) -> _Page:
    entries: dict[int, bytes] = {}
    for entry in await log.entries(tx, start, stop - start):
        index = entry.index or 0
        if index < stop:
            entries[index] = b"" if index in entries or entry.data is None else entry.data
    missing = next((place for place in range(start, stop) if place not in entries), None)
    is_last = False
    if missing is not None and missing >= pruned_below:
        pruned_below = await log_ranges.pruned_below(tx)
        is_last = await _end(tx) <= missing
        stop = missing if is_last else stop
    return _Page(
        entries,
        await _tiles(tx, start, stop),
        await log_ranges.checkpoints_between(tx, start, stop),
        stop,
        pruned_below,
        is_last,
    )


async def _end(tx: ReadTransaction) -> int:
    """Behind the last entry that is there, or was pruned."""
    return max(await log.last_index(tx) + 1, await log_ranges.pruned_below(tx))


async def _tiles(tx: ReadTransaction, start: int, stop: int) -> Tiles:
    """Those of level 0, and above each that is full at `stop` the next one."""
    found = await log_ranges.tiles(tx, 0, start // WIDTH, (stop - 1) // WIDTH)
    first, last, level = start // WIDTH, stop // WIDTH - 1, 1
    while first <= last:
        found |= await log_ranges.tiles(tx, level, first // WIDTH, last // WIDTH)
        first, last, level = first // WIDTH, (last + 1) // WIDTH - 1, level + 1
    return found
