# SPDX-License-Identifier: Apache-2.0
"""Check a log from its first entry to its last against checkpoints, and name the first place that is not as it was.

Nothing here trusts where the log lies: entries are hashed anew, and what they come to is held against signed
checkpoints, the log's own and those that somebody else kept. The hashes that are kept of entries (the tiles) serve to
say where, and in place of entries that were pruned; what they come to is held against the same roots.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from counterfoil_service.audit.doubts import Doubts, slots
from counterfoil_service.audit.evidence import AlteredError, Bundle, Source
from counterfoil_service.audit.pruning import MARK, Pruning
from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.growing_root import GrowingRoot
from counterfoil_service.core.merkle import HASH_BYTES, leaf_hash
from counterfoil_service.core.tiles import WIDTH, Tiles

_TILE_HEIGHT: Final = WIDTH.bit_length() - 1


class Progress(msgspec.Struct, frozen=True):
    """How far a verification came: `size` entries, with the `edge` of their tree; the first `sound` fitted a root."""

    size: int = 0
    edge: tuple[bytes, ...] = ()
    sound: int = 0
    pruning: Pruning = Pruning()


class Verified(msgspec.Struct, frozen=True):
    """What holds: `checkpoint` covers every entry. `checked` were read this time; `pruned` are hashes alone, in all."""

    checkpoint: Checkpoint
    checked: int
    pruned: int


async def verify(source: Source, verifier: "Verifier", advance: Callable[[], None]) -> Verified:
    """Take all that is left; `advance` is called after every bundle. Raises AlteredError."""
    async for bundle in source.bundles(verifier.size, verifier.total):
        verifier.take(bundle)
        advance()
        # Files and SQLite never suspend, and Ctrl-C is heard by the loop alone.
        await asyncio.sleep(0)
    return verifier.finish(await source.ending(verifier.total))


class Verifier:
    """Takes the entries in the log's order, then says whether all of it fits.

    `resumable` is the latest progress with nothing doubtful in it.
    """

    def __init__(self, checkpoints: Iterable[Checkpoint], progress: Progress | None = None) -> None:
        """`checkpoints` are signed ones of one log, in any order, at least one as large as the progress."""
        progress = progress or Progress()
        self._roots: dict[int, bytes] = {}
        known = sorted(checkpoints, key=lambda each: each.size)
        _expect(self._roots, known)
        self._last = known[-1]
        self._grown = GrowingRoot(progress.size, progress.edge)
        self._start, self._sound, self._pruning = progress.size, progress.sound, progress.pruning
        self._doubts = Doubts()
        self.resumable = progress
        self._compare(self._roots)

    @property
    def total(self) -> int:
        """Entries that there must be."""
        return self._last.size

    @property
    def size(self) -> int:
        """Entries taken so far."""
        return self._grown.size

    def take(self, bundle: Bundle) -> None:
        """What follows; AlteredError as soon as a signed root shows that something does not fit."""
        room = min(self.total - self.size, WIDTH - self.size % WIDTH)
        entries = bundle.entries[:room]
        if entries:
            self._take(bundle, entries)
        if len(bundle.entries) > room:
            self._object_to_more()
        if not self._doubts.any:
            self.resumable = Progress(self.size, self._grown.edge, self._sound, self._pruning)

    def finish(self, edge: Tiles | None) -> Verified:
        """What was verified. `edge` are the tiles that the last root is made of; AlteredError where they do not fit."""
        if self.size < self.total:
            odd = self._doubts.odd
            also = "" if odd is None else f", and entry {odd} has not the hash that is kept of it"
            raise AlteredError(
                f"the log ends at entry {self.size}, but a checkpoint was signed over {self.total}{also}",
                self.size if odd is None else odd,
            )
        if edge is not None and not self._fits(edge):
            raise AlteredError("the tiles at the end of the log are not what was signed; the entries are intact")
        unannounced = self._pruning.unannounced
        if unannounced is not None:
            raise AlteredError(
                f"entry {unannounced} is missing, and no event under the checkpoint says that it was pruned;"
                " if it was pruned just now, run `counterfoil audit checkpoint` and verify again",
                unannounced,
            )
        return Verified(self._last, self.size - self._start, self._pruning.count)

    def _take(self, bundle: Bundle, entries: Sequence[bytes | None]) -> None:
        first, end = self.size, self.size + len(entries)
        roots = {size: root for size, root in self._roots.items() if first < size <= end}
        _expect(roots, bundle.checkpoints)
        hashes = [b"" if data is None else leaf_hash(data) for data in entries]
        if bundle.tiles is None:
            self._add_each(hashes, roots)
            return
        kept = slots(bundle.tiles, 0, first, len(entries))
        if None in entries:
            self._take_missing(entries, hashes, kept, bundle.pruned_below)
        for index, data in enumerate(entries, first):
            if data is not None and MARK in data:
                self._pruning = self._pruning.told(index, data)
        self._doubts.compare(self._grown, hashes, kept)
        joined = self._doubts.join(self._grown, bundle.tiles, first // WIDTH) if end % WIDTH == 0 else None
        if joined is None or self._doubts.any or len(hashes) < WIDTH or roots.keys() - {end}:
            self._add_each(hashes, roots)
        else:
            self._grown.add(joined, _TILE_HEIGHT)
            self._compare(roots)

    def _object_to_more(self) -> None:
        if self.size == self.total:
            raise AlteredError(
                f"entry {self.size} is later than the checkpoint: take a newer one, if the log has grown since",
                self.size,
            )
        # Otherwise the next root says what is the first that is wrong.
        if not self._doubts.any:
            raise AlteredError(f"an entry was inserted before entry {self.size}", self.size)

    def _take_missing(
        self, entries: Sequence[bytes | None], hashes: list[bytes], kept: Sequence[bytes], pruned_below: int
    ) -> None:
        """Put the hash that is kept in the place of each entry that may be missing."""
        doubtful = self._doubts.any
        for place, (data, shown) in enumerate(zip(entries, kept, strict=True)):
            if data is not None:
                doubtful = doubtful or hashes[place] != shown
                continue
            index = self.size + place
            if index < pruned_below and len(shown) == HASH_BYTES:
                self._pruning = self._pruning.without(index)
            elif not doubtful:
                raise AlteredError(f"entry {index} is missing", index)
            # Behind a doubtful entry it goes on: the next root says whether that one is the first that is wrong.
            hashes[place] = shown

    def _add_each(self, hashes: Sequence[bytes], roots: dict[int, bytes]) -> None:
        for hashed in hashes:
            self._grown.add(hashed)
            if self.size in roots:
                self._compare(roots)

    def _compare(self, roots: dict[int, bytes]) -> None:
        expected = roots.get(self.size)
        if expected is None:
            return
        fits = self._grown.root == expected
        objection = self._doubts.objection(expected, entries_fit=fits, sound=self._sound, size=self.size)
        if objection is not None:
            raise objection
        self._sound = self.size

    def _fits(self, edge: Tiles) -> bool:
        try:
            return tiles.root(self.total, tiles.reader(edge)) == self._last.root
        except (KeyError, ValueError):
            return False


def _expect(roots: dict[int, bytes], checkpoints: Iterable[Checkpoint]) -> None:
    for checkpoint in checkpoints:
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise AlteredError(f"two checkpoints of size {checkpoint.size} have different roots: the log was forked")
