# SPDX-License-Identifier: Apache-2.0
"""What C2SP tlog-tiles calls the files of a log, and how entries lie in one: for `/log/…` and for exported folders.

Each name has one spelling and each bundle one reading; anything else raises `ValueError`, without the text in it.
"""

import re
from collections.abc import Sequence
from typing import Final

from counterfoil_service.core.tiles import MAX_SIZE, WIDTH

MAX_ENTRY_BYTES: Final = 65_535
"""Bytes of the longest entry: its length is a uint16 [R128]."""

_MAX_LEVEL: Final = 63
_LENGTH_BYTES: Final = 2
# Seven groups of three digits are more than any index below 2^63 has.
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """`tile/0/x001/x234/067`, and `tile/0/x001/x234/067.p/8` when the tile has 8 of its 256 hashes.

    Raises `ValueError` for a level above 63, a width that is not 1 to 256, and an index that no tree has.
    """
    if not 0 <= level <= _MAX_LEVEL:
        raise ValueError(f"a tile's level is 0 to {_MAX_LEVEL}")
    return f"tile/{level}/{_numbered(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """The file with the entries whose hashes are in tile (0, index); as `tile_path`, with `entries` for the level."""
    return f"tile/entries/{_numbered(index, width)}"


def parse_tile_path(path: str) -> tuple[int | None, int, int]:
    """Level, or None for entries, then index and width (256 for a full tile) of what the two above spell."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError("not the path of a tile")
    level = None if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = WIDTH if match["width"] is None else int(match["width"])
    if path != (entries_path(index, width) if level is None else tile_path(level, index, width)):
        raise ValueError("a tile's path has no needless zeros, and a full tile no width")
    return level, index, width


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """1 to 256 entries, each behind its length in 2 bytes, big-endian; `ValueError` for one above 65,535 bytes."""
    if not 1 <= len(entries) <= WIDTH:
        raise ValueError(f"a bundle holds 1 to {WIDTH} entries, not {len(entries)}")
    longest = max(map(len, entries))
    if longest > MAX_ENTRY_BYTES:
        raise ValueError(f"an entry has {longest} bytes; {MAX_ENTRY_BYTES} is the most")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """The entries that `entry_bundle` wrote, 1 to 256 of them."""
    entries, rest = split_bundle(data)
    if rest:
        raise ValueError(f"a bundle is cut, or holds more than {WIDTH} entries")
    if not entries:
        raise ValueError("a bundle without entries")
    return entries


def split_bundle(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole entries that stand first, at most 256, and the rest: nothing unless the bundle is damaged."""
    entries: list[bytes] = []
    position = 0
    while position < len(data) and len(entries) < WIDTH:
        start = position + _LENGTH_BYTES
        end = start + int.from_bytes(data[position:start], "big")
        if end > len(data):
            break
        entries.append(data[start:end])
        position = end
    return entries, data[position:]


def _numbered(index: int, width: int) -> str:
    if not 0 <= index <= MAX_SIZE // WIDTH:
        raise ValueError("no tree has a tile of this index")
    if not 1 <= width <= WIDTH:
        raise ValueError(f"a tile's width is 1 to {WIDTH}")
    digits = f"{index:,}".split(",")
    number = "/".join([*(f"x{group:0>3}" for group in digits[:-1]), f"{digits[-1]:0>3}"])
    return number if width == WIDTH else f"{number}.p/{width}"
