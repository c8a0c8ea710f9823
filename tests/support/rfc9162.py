# SPDX-License-Identifier: Apache-2.0
"""The tree of RFC 9162 §2.1 word for word: slow and recursive, so that it shares nothing with what it is to judge.

`sparse_root` is the same for logs of millions of equal leaves, which nobody wants to hold in memory.
"""

from collections.abc import Sequence
from hashlib import sha256

from counterfoil_service.core.tiles import Read, width_at

EQUAL_LEAF = sha256(b"\x00").digest()
"""The hash of an entry without bytes."""


def split(count: int) -> int:
    """The largest power of two smaller than the count (§2.1.1)."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH over leaf hashes (§2.1.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) (§2.1.3.1)."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]), with SUBPROOF's flag as `whole` (§2.1.4.1)."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*proof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*proof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def leaves_of(count: int) -> list[bytes]:
    """Hashes of this many different entries."""
    return [sha256(b"\x00entry %d" % number).digest() for number in range(count)]


def _equal(height: int) -> bytes:
    """The root of 2^height equal leaves."""
    found = EQUAL_LEAF
    for _ in range(height):
        found = sha256(b"\x01" + found + found).digest()
    return found


EQUAL = [_equal(height) for height in range(64)]


def equal_tiles(size: int) -> Read:
    """The tiles of a log of this many equal entries."""
    return lambda level, index: EQUAL[8 * level] * width_at(level, index, size)


def sparse_root(equal: int, tail: Sequence[bytes]) -> bytes:
    """MTH over `equal` equal leaves and then the tail."""
    count = equal + len(tail)
    if not equal:
        return mth(tail)
    if not tail and count & (count - 1) == 0:
        return EQUAL[count.bit_length() - 1]
    k = split(count)
    left = sparse_root(min(equal, k), tail[: max(k - equal, 0)])
    return sha256(b"\x01" + left + sparse_root(max(equal - k, 0), tail[max(k - equal, 0) :])).digest()
