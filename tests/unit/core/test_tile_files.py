# SPDX-License-Identifier: Apache-2.0
"""Names of tiles and bundles of entries as C2SP tlog-tiles has them: one spelling, one reading, no surprise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.tile_files import entries_path, entry_bundle, parse_bundle, parse_tile_path, tile_path

MAX_INDEX = (2**63 - 1) // 256
PATHS = {
    "tile/0/000": (0, 0, 256),
    "tile/0/999": (0, 999, 256),
    "tile/0/x001/000": (0, 1000, 256),
    "tile/0/x001/x234/067": (0, 1_234_067, 256),
    "tile/3/x001/x234/067.p/8": (3, 1_234_067, 8),
    "tile/63/000.p/255": (63, 0, 255),
    "tile/entries/x036/028.p/1": (None, 36_028, 1),
    "tile/entries/000": (None, 0, 256),
    "tile/0/x036/x028/x797/x018/963": (0, 36_028_797_018_963, 256),
}


@pytest.mark.parametrize("path", PATHS)
def test_the_paths_of_the_specification_are_written_and_read(path: str) -> None:
    level, index, width = PATHS[path]
    assert (entries_path(index, width) if level is None else tile_path(level, index, width)) == path
    assert parse_tile_path(path) == (level, index, width)


@given(st.none() | st.integers(0, 63), st.integers(0, MAX_INDEX), st.integers(1, 256))
def test_every_path_reads_back(level: int | None, index: int, width: int) -> None:
    path = entries_path(index, width) if level is None else tile_path(level, index, width)
    assert parse_tile_path(path) == (level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/001/000",
        "tile/0/x000/067",
        "tile/0/x000",
        "tile/0/x001/",
        "tile/0//000",
        "tile/0/../000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/-01",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/1/",
        "tile/0/000.P/1",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/entries/0",
        "tile/Entries/000",
        "tile/data/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/\u0661/000",
        "tile/0/X001/000",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/" + "x001/" * 100_000 + "000",
        "tile/entries/000.p/" + "9" * 100_000,
    ],
)
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="tile"):
        parse_tile_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, MAX_INDEX + 1, 256), (0, 0, 0), (0, 0, 257), (0, 0, -1)],
)
def test_a_tile_that_no_tree_has_gets_no_path(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        tile_path(level, index, width)
    if level == 0:
        with pytest.raises(ValueError, match="tile"):
            entries_path(index, width)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_every_bundle_reads_back_and_no_cut_one_does(entries: list[bytes]) -> None:
    bundle = entry_bundle(entries)
    assert parse_bundle(bundle) == entries
    with pytest.raises(ValueError, match="bundle"):
        parse_bundle(bundle[:-1])
    with pytest.raises(ValueError, match="bundle"):
        parse_bundle(bundle + b"\x00")


def test_a_bundle_is_lengths_and_entries() -> None:
    assert entry_bundle([b"", b"ab", bytes(258)]) == b"\x00\x00" + b"\x00\x02ab" + b"\x01\x02" + bytes(258)


def test_an_entry_has_at_most_65535_bytes() -> None:
    assert parse_bundle(entry_bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match="65536 bytes; 65535 is the most"):
        entry_bundle([b"a", bytes(65_536)])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_is_never_empty_and_never_wider_than_a_tile(count: int) -> None:
    with pytest.raises(ValueError, match="bundle"):
        entry_bundle([b"a"] * count)
    with pytest.raises(ValueError, match="bundle"):
        parse_bundle(b"\x00\x01a" * count)
