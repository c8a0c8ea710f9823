# SPDX-License-Identifier: Apache-2.0
"""What a log consists of for whoever verifies it, wherever it lies: a database, a folder, a file of entries."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.tiles import Tiles
from counterfoil_service.crypto.notes import BadNote, VerifierKey, open_note


class AlteredError(Exception):
    """The log is not what was signed; `index` is the first entry that does not fit, counted from 0, where one is."""

    def __init__(self, what: str, index: int | None = None) -> None:
        super().__init__(what)
        self.index = index


class Bundle(msgspec.Struct, frozen=True):
    """The next places of the log, 1 to 256 of one tile, as they are found.

    `entries` are canonical leaves, None where there is none. `tiles` None: here only entries are known; otherwise the
    tile of these places and, for every tile that is full with them, the one above it. `checkpoints` are signed and end
    in these places. Before `pruned_below` entries may be missing, if the log itself says so.
    """

    entries: Sequence[bytes | None]
    checkpoints: Sequence[Checkpoint] = ()
    tiles: Tiles | None = None
    pruned_below: int = 0


class Source(Protocol):
    """Where a log lies; `name` says it."""

    name: str

    def bundles(self, start: int, end: int) -> AsyncIterator[Bundle]:
        """The places from `start` to before `end`, or as many as there are."""

    async def ending(self, size: int) -> Tiles | None:
        """The tiles that the root of `size` entries is made of; None where only entries are known.

        AlteredError for what stands behind them.
        """


def read_checkpoint(note: str, vkey: str) -> Checkpoint:
    """A checkpoint of the log with this key; AlteredError for every other text."""
    try:
        text, _ = open_note(note, [vkey])
        checkpoint = Checkpoint.parse(text)
    except (BadNote, ValueError):
        raise AlteredError("a checkpoint cannot be read, or its signature is not by this key") from None
    if checkpoint.origin != VerifierKey.parse(vkey).name:
        raise AlteredError("a checkpoint by this key is of another log")
    return checkpoint
