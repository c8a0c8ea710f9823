# SPDX-License-Identifier: Apache-2.0
"""Check a log from its first entry to its last against checkpoints, and name the first place that is not as it was.

Nothing here trusts the database: entries are hashed anew, and what they come to is held against signed checkpoints,
the log's own and one that somebody else kept. The service's copy of single hashes (its tiles) only serves to say where.
"""

from collections.abc import Mapping

import msgspec

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.growing_root import GrowingRoot
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.crypto.notes import BadNote, open_note


class AlteredError(Exception):
    """The log is not what was signed; `index` is the first entry that does not fit, counted from 0, where one is."""

    def __init__(self, what: str, index: int | None = None) -> None:
        super().__init__(what)
        self.index = index


class Verified(msgspec.Struct, frozen=True):
    """What holds: `checkpoint` covers every entry."""

    checkpoint: Checkpoint
    checked: int


def read_checkpoint(note: str, vkey: str) -> Checkpoint:
    """A checkpoint by this key; AlteredError for every other text."""
    try:
        text, names = open_note(note, [vkey])
        checkpoint = Checkpoint.parse(text)
    except (BadNote, ValueError):
        raise AlteredError("a checkpoint cannot be read, or its signature is not by this key") from None
    if not names:
        raise AlteredError("a checkpoint is not signed by this key")
    return checkpoint


class Verifier:
    """Takes the entries in the log's order, then says whether all of it fits."""

    def __init__(self, checkpoints: list[Checkpoint]) -> None:
        """`checkpoints` are verified ones of one log, in any order; at least one."""
        self._roots: dict[int, bytes] = {}
        for checkpoint in checkpoints:
            if self._roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                raise AlteredError(
                    f"two checkpoints of size {checkpoint.size} have different roots: the log was forked"
                )
        self._last = max(checkpoints, key=lambda each: each.size)
        self._grown = GrowingRoot()
        self._sound = 0
        self._odd: int | None = None

    @property
    def total(self) -> int:
        """Entries that there must be."""
        return self._last.size

    @property
    def size(self) -> int:
        """Entries taken so far."""
        return self._grown.size

    def take(self, index: int, data: bytes, kept: bytes | None) -> None:
        """The next entry's bytes, and the hash that the service keeps of it, None where only the entries are known."""
        if index != self.size:
            raise AlteredError(f"entry {self.size} is missing", self.size)
        if index >= self._last.size:
            raise AlteredError(
                f"entry {index} is later than the checkpoint: take a newer one, if the log has grown since", index
            )
        hashed = leaf_hash(data)
        if kept is not None and kept != hashed and self._odd is None:
            self._odd = index
        self._grown.add(hashed)
        self._compare()

    def finish(self) -> Verified:
        """What was verified; AlteredError where the log ends too soon."""
        if self.size < self._last.size:
            raise AlteredError(
                f"the log ends at entry {self.size}, but a checkpoint was signed over {self._last.size}", self.size
            )
        if self._odd is not None:
            raise AlteredError(
                f"the hash that is kept of entry {self._odd} is not its own; the entry is intact", self._odd
            )
        return Verified(self._last, self.size)

    def _compare(self) -> None:
        expected = self._roots.get(self.size)
        if expected is None:
            return
        if expected != self._grown.root:
            raise self._altered()
        self._sound = self.size

    def _altered(self) -> AlteredError:
        if self._odd is not None:
            return AlteredError(f"entry {self._odd} was altered, inserted or moved", self._odd)
        first, last = self._sound, self.size - 1
        where = f"entry {first}" if first == last else f"an entry between {first} and {last}"
        return AlteredError(f"{where} was altered, inserted or moved", first)


def kept_hash(tiles: Mapping[int, bytes], index: int) -> bytes:
    """What the service keeps of an entry, by its tiles of level 0; empty where nothing is kept."""
    start = index % 256 * 32
    return tiles.get(index // 256, b"")[start : start + 32]
