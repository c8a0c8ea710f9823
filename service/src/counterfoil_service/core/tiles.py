# SPDX-License-Identifier: Apache-2.0
"""The audit log's tree as C2SP tlog-tiles: what an append writes, and what a root or a proof reads [R128].

Tile (level, index) holds up to 256 hashes of 32 bytes, each the root of 256^level leaves that are all there; the last
tile of a level may be shorter, and none is empty. Where tiles live is somebody else's: functions here take a `Read`
that gives a tile as the store has it now. A store that grew beyond the size that is asked for is fine, for a root or a
proof; one that lacks hashes raises `ValueError` and names the tile. What `Read` raises passes through.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, final

from counterfoil_service.core.merkle import EMPTY_ROOT, HASH_BYTES, node_hash, root_of

WIDTH: Final = 256
"""Hashes in a full tile."""
TILE_BYTES: Final = WIDTH * HASH_BYTES
MAX_SIZE: Final = 2**63 - 1
"""Leaves of the largest tree: what a signed 64-bit column holds."""
_HEIGHT: Final = 8

Read = Callable[[int, int], bytes]
"""Level and index of a tile to its content, 32 bytes a hash."""
Tiles = Mapping[tuple[int, int], bytes]


def reader(tiles: Tiles) -> Read:
    """A `Read` over tiles in memory; one that is missing raises `KeyError`."""
    return lambda level, index: tiles[level, index]


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes, 0 to 256, the tile has in a tree of this many leaves."""
    return min(max((size >> _HEIGHT * level) - WIDTH * index, 0), WIDTH)


def edge(size: int) -> list[tuple[int, int]]:
    """Level and index of the partial tiles of a tree of this size, lowest first: all that a root or an append reads.

    A level that ends in a full tile has none: that tile's hash is in the level above. At most 8 of them.
    """
    counts = enumerate(_counts(_checked_size(size)))
    return [(level, count // WIDTH) for level, count in counts if count % WIDTH]


def root(size: int, read: Read) -> bytes:
    """The root of the first `size` leaves, from the tiles of `edge(size)` alone, each read once."""
    return _Tree(_checked_size(size), read).root_between(0, size) if size else EMPTY_ROOT


def append(size: int, leaf_hashes: Sequence[bytes], read: Read) -> dict[tuple[int, int], bytes]:
    """Every tile that changes when these leaves follow the first `size`, with its whole new content.

    Reads tiles of `edge(size)` alone. Unlike a proof it wants the store to be exactly at `size`, and raises
    `ValueError` where an edge tile holds more: appending there would make another history. Also for a hash that has
    not 32 bytes, and beyond `MAX_SIZE`.
    """
    _checked_size(size + len(leaf_hashes))
    if any(len(value) != HASH_BYTES for value in leaf_hashes):
        raise ValueError(f"a hash has {HASH_BYTES} bytes")
    changed: dict[tuple[int, int], bytes] = {}
    level, rising = 0, b"".join(leaf_hashes)
    while rising:
        first, width = divmod(_checked_size(size) >> _HEIGHT * level, WIDTH)
        content = (_edge_tile(read, level, first, width) if width else b"") + rising
        tiles = [content[start : start + TILE_BYTES] for start in range(0, len(content), TILE_BYTES)]
        changed.update({(level, index): tile for index, tile in enumerate(tiles, first)})
        rising = b"".join(root_of(_hashes(tile)) for tile in tiles if len(tile) == TILE_BYTES)
        level += 1
    return changed


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """The siblings from leaf `index`, counted from 0, up to the root of the first `size` leaves (RFC 9162 §2.1.3.1).

    32 bytes each, lowest first, at most 63; reads each tile once. Raises `ValueError` for a leaf outside the tree.
    """
    if not 0 <= index < _checked_size(size):
        raise ValueError(f"there is no leaf {index} among {size}")
    tree, start, end, proof = _Tree(size, read), 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(tree.root_between(middle, end))
            end = middle
        else:
            proof.append(tree.root_between(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read: Read) -> list[bytes]:
    """What shows that the first `new_size` leaves begin with the first `old_size` (RFC 9162 §2.1.4.1).

    32 bytes each, at most 64; reads each tile once. Empty for equal sizes and for an old tree without leaves, which
    need no proof. Raises `ValueError` for a tree that shrinks.
    """
    if not 0 <= old_size <= _checked_size(new_size):
        raise ValueError(f"a tree of {new_size} leaves cannot begin with {old_size}")
    if old_size == 0:
        return []
    tree, start, end, proof = _Tree(new_size, read), 0, new_size, list[bytes]()
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(tree.root_between(middle, end))
            end = middle
        else:
            proof.append(tree.root_between(start, middle))
            start = middle
    # Only a subtree that begins at the first leaf is the old root itself, which the verifier has.
    return [*([tree.root_between(start, end)] if start else []), *reversed(proof)]


@final
class _Tree:
    """The first `size` leaves; remembers the tiles it has read for as long as one root or proof is made."""

    def __init__(self, size: int, read: Read) -> None:
        self._size, self._read = size, read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root_between(self, start: int, end: int) -> bytes:
        """The root of leaves start to end - 1 (not empty), where RFC 9162 splits: complete subtrees, largest first."""
        found: bytes | None = None
        while end > start:
            height = _trailing_zeros(end - start)
            complete = self._complete(height, (end >> height) - 1)
            found = complete if found is None else node_hash(complete, found)
            end -= 1 << height
        if found is None:
            raise ValueError("there is no leaf between")
        return found

    def _complete(self, height: int, index: int) -> bytes:
        """The root of subtree number `index` among those of 2^height leaves, all of which are there."""
        level, within = divmod(height, _HEIGHT)
        tile, first = divmod(index << within, WIDTH)
        return root_of(_hashes(self._tile(level, tile)[first * HASH_BYTES : (first + (1 << within)) * HASH_BYTES]))

    def _tile(self, level: int, index: int) -> bytes:
        known = self._tiles.get((level, index))
        if known is None:
            known = _checked_tile(self._read(level, index), level, index, width_at(level, index, self._size))
            self._tiles[level, index] = known
        return known


def _edge_tile(read: Read, level: int, index: int, width: int) -> bytes:
    content = read(level, index)
    if len(content) > width * HASH_BYTES:
        raise ValueError(f"tile {level}/{index} is ahead of the tree: {len(content)} bytes, not {width} hashes")
    return _checked_tile(content, level, index, width)


def _checked_tile(content: bytes, level: int, index: int, width: int) -> bytes:
    """The tile, which may have grown since, when it holds at least `width` hashes and no pieces of any."""
    if len(content) < width * HASH_BYTES or len(content) > TILE_BYTES or len(content) % HASH_BYTES:
        raise ValueError(f"tile {level}/{index} has {len(content)} bytes; this tree needs {width} hashes of it")
    return content


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def _counts(size: int) -> Iterator[int]:
    """How many hashes each level has, from level 0 up."""
    while size:
        yield size
        size >>= _HEIGHT


def _checked_size(size: int) -> int:
    if not 0 <= size <= MAX_SIZE:
        raise ValueError(f"a tree has 0 to {MAX_SIZE} leaves, not {size}")
    return size


def _split(count: int) -> int:
    """The largest power of two below `count`, which is 2 or more (RFC 9162 §2.1.1)."""
    return 1 << (count - 1).bit_length() - 1


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1
