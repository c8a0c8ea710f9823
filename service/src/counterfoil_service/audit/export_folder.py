# SPDX-License-Identifier: Apache-2.0
"""Write the log from the database into a folder of files, or add to one what has come since (C2SP tlog-tiles).

`checkpoint` is written last: whatever is behind it counts as not there yet, so an export that was cut off is repeated.
What it covers is never replaced; where the database has other hashes by now, the log was changed.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.files import write_whole
from counterfoil_service.audit.log_folder import CHECKPOINT, KEY, LogFolder, checkpoints_path, join_notes
from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import EMPTY_ROOT, HASH_BYTES
from counterfoil_service.core.tile_files import entries_path, entry_bundle, tile_path
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.crypto.notes import VerifierKey
from counterfoil_service.db import log, log_ranges
from counterfoil_service.db.engine import Database

_TILE_HEIGHT: Final = WIDTH.bit_length() - 1


class FolderExported(msgspec.Struct, frozen=True):
    """`size` entries are in the folder, `pruned` of them hashes alone; `written` files are new."""

    size: int
    pruned: int
    written: int


class FolderExport:
    """One run into one folder."""

    def __init__(self, database: Database, folder: Path, vkey: str, note: str) -> None:
        """`note` is the checkpoint up to which it goes, at least the folder's own: AlteredError otherwise."""
        self._database, self._folder, self._vkey, self._note = database, folder, vkey, note
        self._checkpoint = read_checkpoint(note, vkey)
        self._kept = _kept(folder, vkey)
        self._pruned_below = self._pruned = self._written = 0
        if self.size < self._kept.size:
            raise AlteredError(
                f"{folder} has {self._kept.size} entries, but the newest checkpoint covers {self.size}", self.size
            )

    @property
    def size(self) -> int:
        """Entries that the checkpoint covers."""
        return self._checkpoint.size

    @property
    def start(self) -> int:
        """The first entry that is not in the folder yet."""
        return self._kept.size

    async def run(self, show: Callable[[int], None]) -> FolderExported:
        """Everything; `show` is told how many entries are done. Raises AlteredError and `OSError`."""
        await self._check_kept()
        for first in range(0, self.size, WIDTH):
            number, width = first // WIDTH, min(WIDTH, self.size - first)
            await self._entries(number, width)
            await self._tile(0, number, width)
            await self._checkpoints(number)
            show(first + width)
            # SQLite never suspends, and Ctrl-C is heard by the loop alone.
            await asyncio.sleep(0)
        level = 1
        while count := self.size >> level * _TILE_HEIGHT:
            for number in range((count + WIDTH - 1) // WIDTH):
                await self._tile(level, number, min(WIDTH, count - number * WIDTH))
            level += 1
        self._put(KEY, f"{self._vkey}\n".encode())
        self._put(CHECKPOINT, self._note.encode())
        return FolderExported(self.size, self._pruned, self._written)

    async def _check_kept(self) -> None:
        """The log must begin with what is in the folder."""
        size = self._kept.size
        edge = {place: await self._database.read(log.tile, *place) for place in tiles.edge(size)}
        try:
            grew = tiles.root(size, tiles.reader(edge)) == self._kept.root
        except ValueError:
            grew = False
        if not grew or (size == self.size and self._kept.root != self._checkpoint.root):
            raise AlteredError(f"its first {size} entries are not those in {self._folder}")

    async def _entries(self, number: int, width: int) -> None:
        path, first = entries_path(number, width), number * WIDTH
        if first + width <= self._kept.size and (self._folder / path).exists():
            return
        rows = await self._database.read(log.entries, first, width)
        found = {entry.index: entry.data for entry in rows}
        missing = next((index for index in range(first, first + width) if index not in found), None)
        if missing is not None:
            await self._check_pruned(first, missing)
            self._pruned += width
            return
        entries = [found[index] for index in range(first, first + width)]
        self._put(path, entry_bundle([_leaf(data, index) for index, data in enumerate(entries, first)]))

    async def _check_pruned(self, first: int, missing: int) -> None:
        if first + WIDTH > self._pruned_below:
            self._pruned_below = await self._database.read(log_ranges.pruned_below)
        if first + WIDTH > self._pruned_below:
            raise AlteredError(f"entry {missing} is missing", missing)

    async def _tile(self, level: int, number: int, width: int) -> None:
        content = (await self._database.read(log.tile, level, number))[: width * HASH_BYTES]
        first = number * WIDTH << level * _TILE_HEIGHT
        if len(content) < width * HASH_BYTES:
            raise AlteredError(f"tile {level}/{number} lacks hashes", first)
        path = tile_path(level, number, width)
        covered = (number * WIDTH + width) << level * _TILE_HEIGHT <= self._kept.size
        if covered and self._read(path) not in {None, content}:
            raise AlteredError(f"tile {level}/{number} is not the one in {self._folder}", first)
        self._put(path, content)

    async def _checkpoints(self, number: int) -> None:
        first = number * WIDTH
        rows = await self._database.read(log_ranges.checkpoints_between, first, min(first + WIDTH, self.size))
        path, content = checkpoints_path(number), join_notes([row.note for row in rows]).encode()
        if first < self._kept.size and not content.startswith(self._read(path) or b""):
            raise AlteredError(f"the checkpoints between {first} and {first + WIDTH} are not those in {self._folder}")
        if content:
            self._put(path, content)

    def _put(self, name: str, content: bytes) -> None:
        if self._read(name) != content:
            write_whole(self._folder / name, content)
            self._written += 1

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None


def _kept(folder: Path, vkey: str) -> Checkpoint:
    """What the folder has; the empty log where it has none."""
    try:
        return LogFolder(folder, vkey).checkpoint
    except FileNotFoundError:
        return Checkpoint(VerifierKey.parse(vkey).name, 0, EMPTY_ROOT)
    except AlteredError:
        raise AlteredError(f"the checkpoint in {folder} is not of this log: name another folder") from None


def _leaf(data: bytes | None, index: int) -> bytes:
    if data is None:
        raise AlteredError(f"entry {index} is no leaf of this log", index)
    return data
