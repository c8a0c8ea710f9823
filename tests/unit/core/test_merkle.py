# SPDX-License-Identifier: Apache-2.0
"""The hash tree against published vectors and RFC 9162 word for word, and its verifiers against every bent proof."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

import pytest

from counterfoil_service.core.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from support.rfc9162 import leaves_of, mth, path, proof

# The vectors of Certificate Transparency (google/certificate-transparency, python/ct/crypto/merkle_test.py).
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
# (index, size) to the path, (old size, new size) to the proof.
INCLUSION = {
    (0, 1): "",
    (0, 8): """96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
               5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (5, 8): """bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b
               ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
               d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 3): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
}
CONSISTENCY = {
    (1, 1): "",
    (1, 8): """96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
               5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (6, 8): """0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
               ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
               d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 5): """5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
               bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
}
# One certificate in a real log of 3,630,887, from the same file.
REAL_LEAF = "7a395c866d5ecdb0cccb623e011dbc392cd348d1d1d72776174e127a24b09c78"
REAL_ROOT = "78316a05c9bcf14a3a4548f5b854a9adfcd46a4c034401b3ce7eb7ac2f1d0ecb"
REAL_PATH = """
1a208aeebcd1b39fe2de247ee8db9454e1e93a312d206b87f6ca9cc6ec6f1ddd
0a1b78b383f580856f433c01a5741e160d451c185910027f6cc9f828687a40c4
3d1745789bc63f2da15850de1c12a5bf46ed81e1cc90f086148b1662e79aab3d
9095b61e14d8990acf390905621e62b1714fb8e399fbb71de5510e0aef45affe
0a332b91b8fab564e6afd1dd452449e04619b18accc0ff9aa8393cd4928451f2
2336f0181d264aed6d8f3a6507ca14a8d3b3c3a23791ac263e845d208c1ee330
b4ce56e300590500360c146c6452edbede25d4ed83919278749ee5dbe178e048
933f6ddc848ea562e4f9c5cfb5f176941301dad0c6fdb9d1fbbe34fac1be6966
b95a6222958a86f74c030be27c44f57dbe313e5e7c7f4ffb98bcbd3a03bb52f2
daeeb3ce5923defd0faeb8e0c210b753b85b809445d7d3d3cd537a9aabaa9c45
7fadd0a13e9138a2aa6c3fdec4e2275af233b94812784f66bcca9aa8e989f2bc
1864e6ba3e32878610546539734fb5eeae2529991f130c575c73a7e25a2a7c56
12842d1202b1dc6828a17ab253c02e7ce9409b5192430feba44189f39cc02d66
29af64b16fa3053c13d02ac63aa75b23aa468506e44c3a2315edc85d2dc22b11
b527b99934a0bd9edd154e449b0502e2c499bba783f3bc3dfe23364b6b532009
4584db8ae8e351ace08e01f306378a92bfd43611714814f3d834a2842d69faa8
86a9a41573b0d6e4292f01e93243d6cc65b30f06606fc6fa57390e7e90ed580f
a88b98fbe84d4c6aae8db9d1605dfac059d9f03fe0fcb0d5dff1295dacba09e6
06326dc617a6d1f7021dc536026dbfd5fffc6f7c5531d48ef6ccd1ed1569f2a1
f41fe8fdc3a2e4e8345e30216e7ebecffee26ff266eeced208a6c2a3cf08f960
40cf5bde8abb76983f3e98ba97aa36240402975674e120f234b3448911090f8d
b3222dc8658538079883d980d7fdc2bef9285344ea34338968f736b04aeb387a
"""
SMALL = leaves_of(20)


def hashes(text: str) -> list[bytes]:
    return [bytes.fromhex(line) for line in text.split()]


def flipped(values: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The values with one bit turned, once for every bit."""
    for place, value in enumerate(values):
        for bit in range(len(value) * 8):
            bent = (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")
            yield [*values[:place], bent, *values[place + 1 :]]


def test_leaves_and_nodes_hash_as_published() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(bytes(range(16, 32))).hex() == "3bfb960453ebaebf33727da7a1f4db38acc051d381b6da20d6d4e88f0eabfd7a"
    node = node_hash(bytes(range(32)), bytes(range(32, 64)))
    assert node.hex() == "1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57"


@pytest.mark.parametrize("size", range(9))
def test_the_roots_of_certificate_transparency_come_out(size: int) -> None:
    assert root_of(LEAVES[:size]) == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_published_inclusion_proofs_hold(index: int, size: int) -> None:
    assert verify_inclusion(LEAVES[index], index, size, hashes(INCLUSION[index, size]), ROOTS[size])


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_published_consistency_proofs_hold(old: int, new: int) -> None:
    assert verify_consistency(old, ROOTS[old], new, ROOTS[new], hashes(CONSISTENCY[old, new]))


def test_a_proof_from_a_real_log_holds() -> None:
    leaf, root, siblings = bytes.fromhex(REAL_LEAF), bytes.fromhex(REAL_ROOT), hashes(REAL_PATH)
    assert verify_inclusion(leaf, 848_049, 3_630_887, siblings, root)
    assert not verify_inclusion(leaf, 848_050, 3_630_887, siblings, root)


def test_a_root_is_what_the_standard_says_for_every_small_size() -> None:
    leaves = leaves_of(130)
    assert [root_of(leaves[:size]) for size in range(131)] == [mth(leaves[:size]) for size in range(131)]


def test_every_proof_of_the_standard_holds_and_no_other_index_or_root_does() -> None:
    roots = [mth(SMALL[:size]) for size in range(len(SMALL) + 1)]
    for size in range(1, len(SMALL) + 1):
        for index in range(size):
            siblings = path(index, SMALL[:size])
            accepted = [
                i for i in range(-1, size + 2) if verify_inclusion(SMALL[index], i, size, siblings, roots[size])
            ]
            assert accepted == [index]
            assert [n for n, root in enumerate(roots) if verify_inclusion(SMALL[index], index, n, siblings, root)] == [
                size
            ]


def test_every_growth_of_the_standard_is_believed_and_no_other_pair_of_sizes_is() -> None:
    roots = [mth(SMALL[:size]) for size in range(len(SMALL) + 1)]
    for new in range(1, len(SMALL) + 1):
        for old in range(1, new):
            shown = proof(old, SMALL[:new])
            assert verify_consistency(old, roots[old], new, roots[new], shown)
            olds = [n for n, root in enumerate(roots) if n and verify_consistency(n, root, new, roots[new], shown)]
            news = [n for n, root in enumerate(roots) if verify_consistency(old, roots[old], n, root, shown)]
            assert (olds, news) == ([old], [new])


@pytest.mark.parametrize("size", range(1, 10))
def test_no_bit_of_a_leaf_a_path_or_a_root_can_be_turned(size: int) -> None:
    for index in range(size):
        whole = [SMALL[index], *path(index, SMALL[:size]), mth(SMALL[:size])]
        assert verify_inclusion(whole[0], index, size, whole[1:-1], whole[-1])
        for leaf, *siblings, root in flipped(whole):
            assert not verify_inclusion(leaf, index, size, siblings, root)


@pytest.mark.parametrize("new", range(2, 9))
def test_no_bit_of_two_roots_or_what_joins_them_can_be_turned(new: int) -> None:
    for old in range(1, new):
        whole = [mth(SMALL[:old]), mth(SMALL[:new]), *proof(old, SMALL[:new])]
        assert verify_consistency(old, whole[0], new, whole[1], whole[2:])
        for old_root, new_root, *shown in flipped(whole):
            assert not verify_consistency(old, old_root, new, new_root, shown)


def bent(values: list[bytes]) -> Iterator[list[bytes]]:
    """One hash too many or too few anywhere, two swapped, one of another length, and the whole backwards."""
    for place in range(len(values) + 1):
        yield [*values[:place], values[place - 1] if values else EMPTY_ROOT, *values[place:]]
    for place in range(len(values)):
        yield [*values[:place], *values[place + 1 :]]
        yield [*values[:place], values[place][:31], *values[place + 1 :]]
        yield [*values[:place], values[place] + b"\x00", *values[place + 1 :]]
    for place in range(1, len(values)):
        yield [*values[: place - 1], values[place], values[place - 1], *values[place + 1 :]]


def test_a_path_with_a_hash_too_many_too_few_swapped_or_cut_is_refused() -> None:
    for size in range(1, len(SMALL) + 1):
        for index in range(size):
            root = mth(SMALL[:size])
            for siblings in bent(path(index, SMALL[:size])):
                assert not verify_inclusion(SMALL[index], index, size, siblings, root)


def test_a_growth_shown_with_a_hash_too_many_too_few_swapped_or_cut_is_refused() -> None:
    for new in range(2, len(SMALL) + 1):
        for old in range(1, new):
            for shown in bent(proof(old, SMALL[:new])):
                assert not verify_consistency(old, mth(SMALL[:old]), new, mth(SMALL[:new]), shown)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (0, -1), (8, 8), (9, 8), (-8, 8), (2**70, 2**69)])
def test_a_leaf_outside_the_tree_is_in_no_tree(index: int, size: int) -> None:
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    assert not verify_inclusion(LEAVES[0], index, size, hashes(INCLUSION[0, 8]), ROOTS[8])


def test_a_node_does_not_pass_for_a_leaf() -> None:
    below = sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != below, "the prefix tells them apart"
    assert verify_inclusion(below, 0, 4, hashes(INCLUSION[0, 8])[1:], ROOTS[8]), "so the size comes from a signed note"
    assert not verify_inclusion(below, 0, 8, hashes(INCLUSION[0, 8])[1:], ROOTS[8])


def test_a_leaf_of_a_larger_tree_does_not_pass_for_one_of_its_half() -> None:
    assert verify_inclusion(LEAVES[6], 6, 8, path(6, LEAVES), ROOTS[8])
    assert not verify_inclusion(LEAVES[6], 2, 4, path(6, LEAVES), ROOTS[8])


def test_a_root_or_a_leaf_of_another_length_is_refused() -> None:
    assert not verify_inclusion(LEAVES[0][:31], 0, 1, [], LEAVES[0][:31])
    assert not verify_inclusion(b"", 0, 1, [], b"")
    assert not verify_consistency(1, b"", 1, b"", [])
    assert not verify_consistency(3, ROOTS[3] + b"\x00", 3, ROOTS[3] + b"\x00", [])
    with pytest.raises(ValueError, match="32 bytes"):
        root_of([LEAVES[0], LEAVES[1][:31]])


def test_every_tree_begins_with_the_empty_one_and_with_itself_without_proof() -> None:
    for size, root in enumerate(ROOTS):
        assert verify_consistency(0, EMPTY_ROOT, size, root, [])
        assert verify_consistency(size, root, size, root, [])
        assert not verify_consistency(0, EMPTY_ROOT, size, root, [root])
        assert not verify_consistency(size, root, size, root, [root])


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root"),
    [
        (0, ROOTS[1], 8, ROOTS[8]),
        (0, ROOTS[1], 0, ROOTS[1]),
        (0, EMPTY_ROOT, 0, ROOTS[1]),
        (0, ROOTS[1], 0, EMPTY_ROOT),
        (8, ROOTS[8], 8, ROOTS[7]),
        (8, ROOTS[8], 6, ROOTS[6]),
        (2, ROOTS[1], 1, ROOTS[1]),
        (8, ROOTS[8], 1, ROOTS[8]),
        (-1, ROOTS[1], 8, ROOTS[8]),
        (1, ROOTS[1], 2, ROOTS[2]),
        (3, ROOTS[3], 8, ROOTS[8]),
    ],
)
def test_without_a_proof_no_other_pair_of_trees_is_believed(
    old: int, old_root: bytes, new: int, new_root: bytes
) -> None:
    assert not verify_consistency(old, old_root, new, new_root, [])


def test_a_tree_does_not_shrink_even_with_the_proof_of_its_growth() -> None:
    assert not verify_consistency(8, ROOTS[8], 6, ROOTS[6], hashes(CONSISTENCY[6, 8]))


def test_a_proof_of_any_length_for_any_size_is_answered_at_once() -> None:
    assert not verify_inclusion(LEAVES[0], 0, 2**4000, [LEAVES[1]] * 10_000, ROOTS[8])
    assert not verify_consistency(2**4000 - 1, ROOTS[7], 2**4000, ROOTS[8], [LEAVES[1]] * 10_000)
