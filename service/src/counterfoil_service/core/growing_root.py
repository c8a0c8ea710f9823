# SPDX-License-Identifier: Apache-2.0
"""The root of a tree while its leaves come by, one after another, in a few hundred bytes (RFC 9162 §2.1.1)."""

from collections.abc import Iterable

from counterfoil_service.core.merkle import EMPTY_ROOT, HASH_BYTES, node_hash


class GrowingRoot:
    """Holds the roots of the complete subtrees on the right edge, the largest first: 32 bytes each, at most 63."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """Go on from a tree of `size` leaves with this `edge`; a `ValueError` where no such tree has it."""
        self.size = size
        self._edge = list(edge)
        if size < 0 or len(self._edge) != size.bit_count() or any(len(each) != HASH_BYTES for each in self._edge):
            raise ValueError(f"this is not the edge of a tree of {size} leaves")

    @property
    def edge(self) -> tuple[bytes, ...]:
        """With `size` all that it takes to go on later."""
        return tuple(self._edge)

    def add(self, root: bytes, height: int = 0) -> None:
        """The next leaf's hash, or the root of the next 2^height leaves, where so many begin here.

        Joined with its left neighbours as far as their subtrees are as large as its own.
        """
        joined, size = root, self.size >> height
        while size & 1:
            joined = node_hash(self._edge.pop(), joined)
            size >>= 1
        self._edge.append(joined)
        self.size += 1 << height

    @property
    def root(self) -> bytes:
        """The root of what has come so far."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root
