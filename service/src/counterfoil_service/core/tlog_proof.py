# SPDX-License-Identifier: Apache-2.0
"""One entry's proof in one file: `c2sp.org/tlog-proof@v1`, index from zero, for whoever checks it offline [R129].

The file carries its own checkpoint. Trust none of it before `crypto.notes.open_note` has opened that note with keys
from elsewhere; then `proves` says whether the entry is in the log.
"""

from collections.abc import Sequence
from typing import Final, Self

import msgspec

from counterfoil_service.core.checkpoint import Checkpoint, base64_text, parse_base64, parse_decimal
from counterfoil_service.core.merkle import HASH_BYTES, verify_inclusion
from counterfoil_service.core.tiles import MAX_SIZE

HEADER: Final = "c2sp.org/tlog-proof@v1"
_EXTRA, _INDEX = "extra ", "index "
_MAX_HASHES: Final = MAX_SIZE.bit_length()


class TlogProof(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. Raises `ValueError` for what has no such file."""

    index: int
    """Number of the entry in the log, from 0."""
    hashes: Sequence[bytes]
    """Siblings from the leaf up, 32 bytes each, at most 63."""
    note: str
    """The signed checkpoint, byte for byte as it was published."""
    extra: bytes | None = None
    """Anything the application adds; nothing vouches for it. Empty is not the same as none, and not allowed."""

    def __post_init__(self) -> None:
        """Refuse what `parse` would."""
        if not 0 <= self.index <= MAX_SIZE:
            raise ValueError(f"an index is 0 to {MAX_SIZE}")
        if len(self.hashes) > _MAX_HASHES or any(len(value) != HASH_BYTES for value in self.hashes):
            raise ValueError(f"a proof has at most {_MAX_HASHES} hashes of {HASH_BYTES} bytes")
        if self.extra == b"":
            raise ValueError("extra data that is empty is left out")
        if "\n\n" not in self.note or not self.note.endswith("\n"):
            raise ValueError("a signed note has a blank line and ends in a newline")

    def text(self) -> str:
        """The file, for a name that ends in `.tlog-proof`."""
        extra = [] if self.extra is None else [_EXTRA + base64_text(self.extra)]
        lines = [HEADER, *extra, f"{_INDEX}{self.index}", *map(base64_text, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def parse(cls, text: str) -> Self:
        """The proof with exactly this text; `ValueError` for anything else. What it says is not believed yet."""
        head, _, note = text.partition("\n\n")
        header, *lines = head.split("\n")
        if header != HEADER:
            raise ValueError(f"not a {HEADER}")
        extra = parse_base64(lines.pop(0).removeprefix(_EXTRA)) if lines and lines[0].startswith(_EXTRA) else None
        if not lines or not lines[0].startswith(_INDEX):
            raise ValueError("the index of the entry is missing")
        index = parse_decimal(lines[0].removeprefix(_INDEX))
        return cls(index=index, hashes=tuple(map(parse_base64, lines[1:])), note=note, extra=extra)

    def proves(self, leaf: bytes, checkpoint: Checkpoint) -> bool:
        """Whether the entry of this leaf hash is number `index` of the log at this checkpoint (RFC 9162 §2.1.3.2).

        `checkpoint` is the text of `note` once its signature was verified, or any other of the same log and size.
        """
        return verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)
