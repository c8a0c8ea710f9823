# SPDX-License-Identifier: Apache-2.0
"""The hash tree of the audit log and the two proofs about it, as RFC 9162 §2.1 has them with SHA-256 [R124].

The two verifiers share nothing with the code that makes proofs (`tiles`), so a mistake there shows here. They answer
False for whatever is no proof, however malformed, and raise nothing.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
"""Length of every hash here: SHA-256."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data), 32 bytes: the hash of an entry (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes, of two hashes of 32 bytes, which is not checked (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of a whole tree from the hashes of its leaves, 32 bytes each (`ValueError` otherwise).

    Pairs level by level; a last hash without a partner rises as it is, which is the same tree as the split at a power
    of two in RFC 9162 §2.1.1. Holds every hash in memory: for a log use `tiles.root`.
    """
    if not _are_hashes(leaf_hashes):
        raise ValueError(f"a hash has {HASH_BYTES} bytes")
    level = list(leaf_hashes)
    while len(level) > 1:
        above = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = above + level[len(above) * 2 :]
    return level[0] if level else EMPTY_ROOT


class Step(NamedTuple):
    """One hash on the way from a leaf to the root: beside which sibling, on which side of it, and what came of it."""

    sibling: bytes
    sibling_is_left: bool
    result: bytes


def inclusion_steps(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[Step] | None:
    """What is computed on the way from the leaf of this hash to the root (RFC 9162 §2.1.3.2), lowest first.

    None where the tree of `size` leaves has no such way: see `verify_inclusion`.
    """
    if not 0 <= index < size or not _are_hashes((leaf, *proof)):
        return None
    sides = _sides(index, size - 1, len(proof))
    if sides is None:
        return None
    computed, steps = leaf, list[Step]()
    for is_left, sibling in zip(sides, proof, strict=True):
        computed = node_hash(sibling, computed) if is_left else node_hash(computed, sibling)
        steps.append(Step(sibling, is_left, computed))
    return steps


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf of this hash is number `index`, from 0, in the tree of `size` leaves (RFC 9162 §2.1.3.2).

    `leaf`, `root` and every hash of `proof`, lowest sibling first, have 32 bytes. An index outside the tree, a hash
    too many or too few, and hashes of another length are False.
    """
    steps = inclusion_steps(leaf, index, size, proof)
    return steps is not None and (steps[-1].result if steps else leaf) == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new_size` leaves begins with the tree of `old_size` leaves (RFC 9162 §2.1.4.2).

    Roots and proof have 32 bytes a hash. Every tree begins with the empty one and each with itself, both without any
    proof; a tree without leaves has `EMPTY_ROOT` and no other. A size that shrinks is False.
    """
    if not 0 <= old_size <= new_size or not _are_hashes((old_root, new_root, *proof)):
        return False
    if new_size == 0 and new_root != EMPTY_ROOT:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == new_size:
        return not proof and old_root == new_root
    return _grew(old_size, old_root, new_size, new_root, proof)


def _grew(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2 for 0 < old_size < new_size."""
    # A power of two: the old tree is one complete subtree, and its root begins the proof unsaid.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    height = _trailing_ones(old_size - 1)
    # Without any path this asks for a way of -1 hashes, and there is none.
    sides = _sides((old_size - 1) >> height, (new_size - 1) >> height, len(path) - 1)
    if sides is None:
        return False
    old = new = path[0]
    for is_left, sibling in zip(sides, path[1:], strict=True):
        old = node_hash(sibling, old) if is_left else old
        new = node_hash(sibling, new) if is_left else node_hash(new, sibling)
    return old == old_root and new == new_root


def _sides(node: int, last: int, count: int) -> list[bool] | None:
    """For each hash on the way from this node to the root whether it joins from the left.

    `node` and `last`, the rightmost node, are positions on one level. None unless the way takes exactly `count` hashes.
    """
    sides: list[bool] = []
    while last:
        if len(sides) == count:
            return None
        sides.append(bool(node & 1) or node == last)
        # At the right edge a node without a partner rises until it is somebody's right child.
        while node == last and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return sides if len(sides) == count else None


def _trailing_ones(number: int) -> int:
    return (~number & (number + 1)).bit_length() - 1


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
