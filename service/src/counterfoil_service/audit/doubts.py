# SPDX-License-Identifier: Apache-2.0
"""Where entries and the hashes that are kept of them differ, until the next signed root says who is right.

An entry is named exactly where the kept hashes come to the signed root and it alone does not fit them. Where both were
changed, only a range is known: the tile that does not fit the one above it, or what follows the last root that fitted.
"""

from collections.abc import Sequence

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.core.growing_root import GrowingRoot
from counterfoil_service.core.merkle import HASH_BYTES, root_of
from counterfoil_service.core.tiles import TILE_BYTES, WIDTH, Tiles

_TILE_HEIGHT = WIDTH.bit_length() - 1


def slots(tiles: Tiles, level: int, start: int, count: int) -> list[bytes]:
    """What is kept at these places of a level, of one tile; shorter or empty where nothing is."""
    tile, within = divmod(start, WIDTH)
    content = tiles.get((level, tile), b"")
    places = range(within * HASH_BYTES, (within + count) * HASH_BYTES, HASH_BYTES)
    return [content[place : place + HASH_BYTES] for place in places]


class Doubts:
    """`odd` is the first entry that has not the hash that is kept of it."""

    def __init__(self) -> None:
        self.odd: int | None = None
        self._torn: int | None = None
        self._above: tuple[int, int] | None = None
        # The tree by kept hashes up to this bundle, once it differs from that of the entries, and what follows in it.
        self._kept: GrowingRoot | None = None
        self._next: Sequence[bytes] = ()
        self._subtree: bytes | None = None

    @property
    def any(self) -> bool:
        """Whether something waits for a signed root."""
        return self._kept is not None or self._above is not None

    def compare(self, grown: GrowingRoot, hashes: Sequence[bytes], kept: Sequence[bytes]) -> None:
        """The entries that follow `grown` have these hashes, and those are kept of them."""
        self._catch_up()
        self._next, self._subtree = kept, None
        if hashes != kept and self.odd is None:
            pairs = zip(hashes, kept, strict=True)
            self.odd = grown.size + next(place for place, (own, other) in enumerate(pairs) if own != other)
            self._part(grown)

    def join(self, grown: GrowingRoot, tiles: Tiles, number: int) -> bytes | None:
        """Hold tile `number` of level 0, which is full, against the tiles above it; its root where they agree.

        After `compare`. `grown` is where this bundle begins.
        """
        found = _root(tiles, 0, number)
        (above,) = slots(tiles, 1, number, 1)
        if found != above:
            self._torn = number if self._torn is None else self._torn
            self._part(grown)
            self._subtree = above
            found = None
        for level in range(1, _full_levels(number)):
            number //= WIDTH
            if [_root(tiles, level, number)] != slots(tiles, level + 1, number, 1) and self._above is None:
                self._above = (level, number)
        return found

    def objection(self, root: bytes, *, entries_fit: bool, sound: int, size: int) -> AlteredError | None:
        """What is wrong with the first `size` entries, given their signed root and that `sound` of them fitted one."""
        if entries_fit:
            return self._objection_to_tiles(size)
        if self._kept_root(size) != root:
            return _altered(sound, size - 1)
        if self.odd is not None and (self._torn is None or self.odd < self._torn * WIDTH):
            return _altered(self.odd, self.odd)
        first = (self._torn or 0) * WIDTH
        return _altered(max(first, sound), min(first + WIDTH, size) - 1)

    def _objection_to_tiles(self, size: int) -> AlteredError | None:
        """Of what ends within the first `size` entries: they fit, so what is kept of them is wrong."""
        if self.odd is not None and self.odd < size:
            return AlteredError(
                f"the hash that is kept of entry {self.odd} is missing or not its own; the entry is intact", self.odd
            )
        torn = None if self._torn is None else (0, self._torn)
        for level, number in filter(None, (torn, self._above)):
            first = number * WIDTH ** (level + 1)
            if first + WIDTH ** (level + 1) <= size:
                return AlteredError(
                    f"tile {level}/{number} does not fit the one above it; the entries are intact", first
                )
        return None

    def _part(self, grown: GrowingRoot) -> None:
        if self._kept is None:
            self._kept = GrowingRoot(grown.size, grown.edge)

    def _catch_up(self) -> None:
        if self._kept is None:
            return
        if self._subtree is not None and len(self._next) == WIDTH:
            self._kept.add(self._subtree, _TILE_HEIGHT)
            return
        for each in self._next:
            self._kept.add(each)

    def _kept_root(self, size: int) -> bytes | None:
        """The root of the kept hashes; None where they never differed."""
        if self._kept is None:
            return None
        count = size - self._kept.size
        self._next = self._next[:count]
        self._catch_up()
        return self._kept.root


def _root(tiles: Tiles, level: int, number: int) -> bytes | None:
    content = tiles.get((level, number), b"")
    return root_of(slots(tiles, level, number * WIDTH, WIDTH)) if len(content) == TILE_BYTES else None


def _full_levels(number: int) -> int:
    """How many tiles, one above the other, are full with this one of level 0."""
    count = 1
    while number % WIDTH == WIDTH - 1:
        number //= WIDTH
        count += 1
    return count


def _altered(first: int, last: int) -> AlteredError:
    where = f"entry {first}" if first == last else f"an entry between {first} and {last}"
    return AlteredError(f"{where} was altered, inserted or moved", first)
