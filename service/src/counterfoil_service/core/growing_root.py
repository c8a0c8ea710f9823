# SPDX-License-Identifier: Apache-2.0
"""The root of a tree while its leaves come by, one after another, in a few hundred bytes (RFC 9162 §2.1.1)."""

from counterfoil_service.core.merkle import EMPTY_ROOT, node_hash


class GrowingRoot:
    """Holds the roots of the complete subtrees on the right edge, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """The next leaf's hash: joined with its left neighbours as far as their subtrees are as large as its own."""
        joined, size = leaf, self.size
        while size & 1:
            joined = node_hash(self._edge.pop(), joined)
            size >>= 1
        self._edge.append(joined)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of what has come so far."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root
