# SPDX-License-Identifier: Apache-2.0
"""The log in tiles: equal to RFC 9162 word for word at every size, and exact about what is read and written."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_service.core import tiles
from counterfoil_service.core.merkle import EMPTY_ROOT, leaf_hash, root_of, verify_consistency, verify_inclusion
from counterfoil_service.core.tiles import MAX_SIZE, TILE_BYTES, Read
from support.rfc9162 import EQUAL, EQUAL_LEAF, equal_tiles, leaves_of, mth, path, proof, sparse_root

LEAVES = leaves_of(1100)
TILE = tuple[int, int]
LARGE = st.sampled_from([256, 1000, 65_536, 131_072, 16_777_216, 2**31, 2**40, 2**56, MAX_SIZE - 2000]).flatmap(
    lambda middle: st.integers(max(middle - 600, 0), middle + 600)
)
BATCHES = st.lists(st.integers(0, 600), max_size=5)


def log_of(leaves: Sequence[bytes], batch: int = 1000) -> dict[TILE, bytes]:
    store: dict[TILE, bytes] = {}
    for start in range(0, len(leaves), batch):
        store.update(tiles.append(start, leaves[start : start + batch], tiles.reader(store)))
    return store


def counted(read: Read) -> tuple[Read, Counter[TILE]]:
    seen: Counter[TILE] = Counter()

    def counting(level: int, index: int) -> bytes:
        seen[level, index] += 1
        return read(level, index)

    return counting, seen


def over(read: Read, store: dict[TILE, bytes]) -> Read:
    """A store in memory in front of tiles that were there before."""
    return lambda level, index: store[level, index] if (level, index) in store else read(level, index)


def forbidden(level: int, index: int) -> bytes:
    raise AssertionError(f"read tile {level}/{index}")


WHOLE = log_of(LEAVES)
READ = tiles.reader(WHOLE)
ROOTS = [mth(LEAVES[:size]) for size in range(601)]


def test_one_leaf_at_a_time_gives_the_standards_root_at_every_size_up_to_600() -> None:
    store: dict[TILE, bytes] = {}
    read = tiles.reader(store)
    for size in range(601):
        assert tiles.root(size, read) == ROOTS[size] == root_of(LEAVES[:size])
        store.update(tiles.append(size, LEAVES[size : size + 1], read))


def test_a_log_that_has_grown_still_gives_the_root_of_every_earlier_size() -> None:
    assert [tiles.root(size, READ) for size in range(601)] == ROOTS


def test_a_tile_holds_the_roots_of_whole_subtrees_and_nothing_else_is_kept() -> None:
    expected = {(0, 4): b"".join(LEAVES[1024:]), (1, 0): b"".join(mth(LEAVES[n * 256 :][:256]) for n in range(4))}
    for index in range(4):
        expected[0, index] = b"".join(LEAVES[index * 256 : index * 256 + 256])
    assert expected == WHOLE


@pytest.mark.parametrize("batch", [1, 7, 255, 256, 257, 512, 1100])
def test_the_size_of_the_batches_leaves_no_trace(batch: int) -> None:
    assert log_of(LEAVES, batch) == WHOLE


def test_the_example_of_the_specification_has_its_tiles() -> None:
    written = tiles.append(0, [EQUAL_LEAF] * 70_000, forbidden)
    widths = Counter((level, len(tile) // 32) for (level, _), tile in written.items())
    assert widths == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}
    assert {tile: tiles.width_at(*tile, 70_000) * 32 for tile in written} == {k: len(v) for k, v in written.items()}
    assert tiles.edge(70_000) == [(0, 273), (1, 1), (2, 0)]
    assert [tiles.width_at(0, 274, 70_000), tiles.width_at(3, 0, 70_000)] == [0, 0]
    assert tiles.append(0, [EQUAL_LEAF] * 256, forbidden)[1, 0] == EQUAL[8]


def test_every_inclusion_proof_is_the_standards() -> None:
    for size in [*range(1, 40), 255, 256, 257, 511, 512, 513, 600]:
        for index in range(size):
            assert tiles.inclusion_proof(index, size, READ) == path(index, LEAVES[:size])


def test_every_consistency_proof_is_the_standards() -> None:
    for new in [*range(1, 40), 255, 256, 257, 511, 512, 513, 600]:
        for old in range(1, new + 1):
            assert tiles.consistency_proof(old, new, READ) == proof(old, LEAVES[:new])


@settings(max_examples=150, deadline=None)
@given(LARGE, BATCHES)
def test_batches_across_every_boundary_of_a_large_log_give_the_standards_root(size: int, batches: list[int]) -> None:
    base, store, tail = equal_tiles(size), dict[TILE, bytes](), list[bytes]()
    for batch in batches:
        added = LEAVES[len(tail) : len(tail) + batch]
        now = size + len(tail)
        read, seen = counted(over(base, store))
        written = tiles.append(now, added, read)
        assert set(seen) <= set(tiles.edge(now))
        assert {key: len(tile) for key, tile in written.items()} == {
            key: 32 * tiles.width_at(*key, now + len(added)) for key in written
        }
        store.update(written)
        tail += added
        assert tiles.root(now + len(added), over(base, store)) == sparse_root(size, tail)


@settings(max_examples=150, deadline=None)
@given(LARGE, st.integers(1, 1000), st.data())
def test_proofs_of_a_large_log_verify_and_read_few_tiles_once_each(size: int, count: int, data: st.DataObject) -> None:
    tail = LEAVES[:count]
    store = tiles.append(size, tail, equal_tiles(size))
    total, read = size + count, over(equal_tiles(size), store)
    index = data.draw(st.integers(0, total - 1))
    leaf = EQUAL_LEAF if index < size else tail[index - size]
    counting, seen = counted(read)
    shown = tiles.inclusion_proof(index, total, counting)
    assert verify_inclusion(leaf, index, total, shown, sparse_root(size, tail))
    assert set(seen.values()) <= {1}
    assert len(seen) <= 2 * (total.bit_length() // 8 + 1)
    counting, seen = counted(read)
    shown = tiles.consistency_proof(size, total, counting)
    assert verify_consistency(size, sparse_root(size, []), total, sparse_root(size, tail), shown)
    assert set(seen.values()) <= {1}
    assert len(seen) <= 2 * (total.bit_length() // 8 + 1)


@given(LARGE)
def test_a_root_reads_the_edge_alone_and_once(size: int) -> None:
    read, seen = counted(equal_tiles(size))
    assert tiles.root(size, read) == sparse_root(size, [])
    assert seen == Counter(tiles.edge(size))
    assert len(seen) <= 8


def test_an_empty_log_has_a_root_and_no_tiles() -> None:
    assert tiles.root(0, forbidden) == EMPTY_ROOT
    assert tiles.edge(0) == []
    assert tiles.append(0, [], forbidden) == {}
    assert tiles.append(300, [], forbidden) == {}


def test_what_needs_no_proof_reads_nothing() -> None:
    assert tiles.consistency_proof(0, 600, forbidden) == []
    assert tiles.consistency_proof(600, 600, forbidden) == []
    assert tiles.inclusion_proof(0, 1, forbidden) == []


def test_a_turned_bit_in_any_tile_changes_the_root_or_some_proof() -> None:
    root = ROOTS[600]
    for key in [(0, 0), (0, 1), (0, 2), (1, 0)]:
        width = tiles.width_at(*key, 600)
        for place in range(width):
            bad = bytearray(WHOLE[key])
            bad[place * 32] ^= 1
            read = over(READ, {key: bytes(bad)})
            index = min(((key[1] * 256 + place) << 8 * key[0]) ^ (1 << 8 * key[0]), 599)
            proven = verify_inclusion(LEAVES[index], index, 600, tiles.inclusion_proof(index, 600, read), root)
            assert not proven or tiles.root(600, read) != root


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "a hash short": lambda tile: tile[:-32],
    "half a hash short": lambda tile: tile[:-16],
    "half a hash more": lambda tile: tile + tile[:16],
    "longer than any tile": lambda _: bytes(TILE_BYTES + 32),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_tile_that_lacks_hashes_or_holds_pieces_of_them_is_named(how: str) -> None:
    store = {**(first := log_of(LEAVES[:600])), (0, 2): BROKEN[how](first[0, 2])}
    read = tiles.reader(store)
    for attempt in (
        lambda: tiles.root(600, read),
        lambda: tiles.append(600, LEAVES[:1], read),
        lambda: tiles.inclusion_proof(599, 600, read),
        lambda: tiles.consistency_proof(599, 600, read),
    ):
        with pytest.raises(ValueError, match="tile 0/2 "):
            attempt()


def test_a_tile_that_is_missing_is_the_stores_to_report() -> None:
    with pytest.raises(KeyError):
        tiles.root(600, tiles.reader({}))


@pytest.mark.parametrize("size", [1024, 1099, 1025])
def test_appending_behind_the_end_of_the_store_is_refused(size: int) -> None:
    ahead = {**WHOLE, (1, 0): WHOLE[1, 0] + bytes(32)}
    with pytest.raises(ValueError, match="ahead of the tree"):
        tiles.append(size, LEAVES[:300], tiles.reader(ahead))


@pytest.mark.parametrize("leaves", [[b""], [LEAVES[0][:31]], [LEAVES[0], LEAVES[1] + b"\x00"], [bytes(64)]])
def test_a_leaf_that_is_no_hash_is_refused(leaves: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        tiles.append(0, leaves, forbidden)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (600, 600), (-1, 600), (0, -1), (0, MAX_SIZE + 1)])
def test_a_leaf_outside_the_log_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"leaf|leaves"):
        tiles.inclusion_proof(index, size, forbidden)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 600), (-2, -1), (0, MAX_SIZE + 1), (1, 0)])
def test_a_log_that_shrinks_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="leaves"):
        tiles.consistency_proof(old, new, forbidden)


def test_no_log_is_smaller_than_empty_or_larger_than_a_column() -> None:
    for attempt in (
        lambda: tiles.edge(-1),
        lambda: tiles.root(MAX_SIZE + 1, forbidden),
        lambda: tiles.append(MAX_SIZE, LEAVES[:1], forbidden),
        lambda: tiles.append(-1, LEAVES[:1], forbidden),
    ):
        with pytest.raises(ValueError, match="0 to 9223372036854775807 leaves"):
            attempt()
    last = tiles.append(MAX_SIZE - 1, [leaf_hash(b"last")], equal_tiles(MAX_SIZE - 1))
    assert len(last) == 1
    assert tiles.root(MAX_SIZE, over(equal_tiles(MAX_SIZE - 1), last)) == sparse_root(
        MAX_SIZE - 1, [leaf_hash(b"last")]
    )
