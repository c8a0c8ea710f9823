# SPDX-License-Identifier: Apache-2.0
"""What a log says of itself at one moment: whose it is, how many entries, which root (C2SP tlog-checkpoint) [R125].

This is the text that a signed note carries; `crypto.notes` signs and opens it. Bytes and numbers have one spelling
here, and `ValueError` meets every other, without the text in it.
"""

import re
from base64 import b64decode, b64encode
from typing import Final, Self

import msgspec

from counterfoil_service.core.merkle import EMPTY_ROOT, HASH_BYTES
from counterfoil_service.core.tiles import MAX_SIZE

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_LINES: Final = 3


class Checkpoint(msgspec.Struct, frozen=True):
    """One state of one log. Raises `ValueError` for what has no text of three lines, or is no tree."""

    origin: str
    """The log's name, a URL without its scheme by custom; any text without control characters [U+0000 to U+001F]."""
    size: int
    """Entries in the log, 0 to 2^63 - 1."""
    root: bytes
    """The root of their tree, 32 bytes; `EMPTY_ROOT` when there are none."""

    def __post_init__(self) -> None:
        """Refuse what `parse` would."""
        if not self.origin or _CONTROL.search(self.origin):
            raise ValueError("an origin is not empty and has no control characters")
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"a checkpoint's size is 0 to {MAX_SIZE}")
        if len(self.root) != HASH_BYTES:
            raise ValueError(f"a root has {HASH_BYTES} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("a log without entries has one root")

    def body(self) -> str:
        """The text that is signed: origin, decimal size and root in standard base64, each line with its newline."""
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        r"""The checkpoint with exactly this body. Verify the note around it first: this only reads.

        Raises `ValueError` for anything else, extension lines included, which logs may add and ours never does [R125].
        """
        origin, *rest = text.split("\n")
        if len(rest) != _LINES or rest[2]:
            raise ValueError("a checkpoint is three lines: origin, size and root")
        return cls(origin, parse_decimal(rest[0]), parse_base64(rest[1]))


def base64_text(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return b64encode(data).decode("ascii")


def parse_base64(text: str) -> bytes:
    """The bytes, maybe none, that `base64_text` spells exactly this way; foreign letters and spare bits are refused."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise ValueError("not standard base64") from None
    if base64_text(data) != text:
        raise ValueError("not the one spelling of these bytes in base64")
    return data


def parse_decimal(text: str) -> int:
    """A number from 0 to 2^63 - 1 in ASCII digits, without sign or needless zeros."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) > MAX_SIZE:
        raise ValueError(f"not a decimal number from 0 to {MAX_SIZE}")
    return number
