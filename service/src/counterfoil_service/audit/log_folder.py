# SPDX-License-Identifier: Apache-2.0
"""The log as a folder of files, which `audit export --format tiles` wrote (C2SP tlog-tiles).

`checkpoint` is the newest signed note, `checkpoints/N` the earlier ones over what ends in bundle N, an empty line
between two. `key` is for convenience alone and never read: whoever can change the folder can change the key in it.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from counterfoil_service.audit.evidence import AlteredError, Bundle, read_checkpoint
from counterfoil_service.audit.pruning import MARK, announced_below
from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.tile_files import MAX_ENTRY_BYTES, entries_path, split_bundle, tile_path
from counterfoil_service.core.tiles import TILE_BYTES, WIDTH, Tiles

CHECKPOINT: Final = "checkpoint"
KEY: Final = "key"
_MAX_NOTE_BYTES: Final = 64 * 1024
_MAX_BUNDLE_BYTES: Final = WIDTH * (MAX_ENTRY_BYTES + 2)


def checkpoints_path(bundle: int) -> str:
    """The file of the checkpoints that end in this bundle."""
    return entries_path(bundle).replace("tile/entries", "checkpoints")


class LogFolder:
    """Raises `OSError` for a folder or file that cannot be read; what is not there is missing from the log."""

    def __init__(self, path: Path, vkey: str) -> None:
        """AlteredError for a newest checkpoint that is not by this key."""
        self._path, self._vkey = path, vkey
        self.name = f"folder {path.resolve()}"
        self.note = (path / CHECKPOINT).read_bytes()[:_MAX_NOTE_BYTES].decode("utf-8", "replace")
        self.checkpoint = read_checkpoint(self.note, vkey)
        self._pruned_below: int | None = None

    async def bundles(self, start: int, end: int) -> AsyncIterator[Bundle]:
        """As `Source`."""
        end = min(end, self.checkpoint.size)
        while start < end:
            number = start // WIDTH
            stop = min((number + 1) * WIDTH, end)
            entries = self._entries(number)[start % WIDTH :]
            missing = None in entries
            yield Bundle(
                entries,
                self._checkpoints(number),
                self._tiles(number, stop),
                self._announced() if missing else 0,
            )
            start = stop

    async def ending(self, _size: int) -> Tiles:
        """As `Source`: of its own size, as there are no other files."""
        return {place: self._tile(*place) for place in tiles.edge(self.checkpoint.size)}

    def _entries(self, number: int) -> list[bytes | None]:
        """As many as the bundle should have; more where it has more."""
        width = tiles.width_at(0, number, self.checkpoint.size)
        entries, rest = split_bundle(self._read(entries_path(number, width), _MAX_BUNDLE_BYTES))
        missing = [None] * (width - len(entries))
        # Bytes that are no entry stand where one should be, or behind the last.
        return [*entries, *([rest, *missing[1:]] if rest else missing)]

    def _tiles(self, number: int, stop: int) -> Tiles:
        found = {(0, number): self._tile(0, number)}
        level = 0
        while stop % WIDTH == 0:
            level, number, stop = level + 1, number // WIDTH, stop // WIDTH
            found[level, number] = self._tile(level, number)
        return found

    def _tile(self, level: int, number: int) -> bytes:
        width = tiles.width_at(level, number, self.checkpoint.size)
        return self._read(tile_path(level, number, width), TILE_BYTES) if width else b""

    def _checkpoints(self, number: int) -> list[Checkpoint]:
        text = self._read(checkpoints_path(number), WIDTH * _MAX_NOTE_BYTES).decode("utf-8", "replace")
        first = number * WIDTH
        signed = [read_checkpoint(note, self._vkey) for note in split_notes(text)]
        if any(not first < each.size <= first + WIDTH for each in signed):
            raise AlteredError(f"{checkpoints_path(number)} holds a checkpoint that does not end there")
        return signed

    def _announced(self) -> int:
        """What the last `audit.pruned` event of the log says, looked for once, from the end."""
        if self._pruned_below is None:
            numbers = reversed(range((self.checkpoint.size + WIDTH - 1) // WIDTH))
            found = (self._announced_in(number) for number in numbers)
            self._pruned_below = next((below for below in found if below), 0)
        return self._pruned_below

    def _announced_in(self, number: int) -> int:
        return max((announced_below(data) for data in self._entries(number) if data and MARK in data), default=0)

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with (self._path / name).open("rb") as file:
                return file.read(limit + 1)
        except FileNotFoundError:
            return b""


def join_notes(notes: list[str]) -> str:
    """Signed notes one after another, an empty line between two."""
    return "\n".join(notes)


def split_notes(text: str) -> list[str]:
    """What `join_notes` joined."""
    parts = text.removesuffix("\n").split("\n\n") if text else []
    return ["\n\n".join(parts[place : place + 2]) + "\n" for place in range(0, len(parts), 2)]
