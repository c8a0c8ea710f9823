# SPDX-License-Identifier: Apache-2.0
"""The verifier: whatever is done to entries, to the hashes kept of them, or to both, it objects and says where."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.audit.verify import Verifier
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import leaf_hash, root_of
from support.memory_log import ORIGIN, MemoryLog, memory_log

SIZES = (1, 2, 255, 256, 257, 511, 512, 700, 1025)
FORGED = b"forged"


def objection(log: MemoryLog, *against: Checkpoint) -> AlteredError:
    with pytest.raises(AlteredError) as caught:
        log.verify(None, *against)
    return caught.value


@pytest.mark.parametrize("size", SIZES)
def test_an_untouched_log_of_any_size_passes(size: int) -> None:
    log = memory_log(size, *range(0, size, 100))
    assert (log.verify().checkpoint, log.verify().checked) == (log.checkpoints[-1], size)
    log.has_tiles = False
    assert log.verify().checked == size


def test_a_tree_of_two_levels_of_full_tiles_passes_and_a_bad_slot_up_there_is_named() -> None:
    log = memory_log(256 * 256 + 300, 40_000)
    log.verify()
    log.hash(256, log.tiles[1, 0][:32], level=1)
    found = objection(log)
    assert (str(found)[:10], found.index) == ("tile 0/256", 65_536)
    log = memory_log(256 * 256 + 300, 40_000)
    log.hash(0, bytes(32), level=2)
    assert "tile 1/0 does not fit" in str(objection(log))


@pytest.mark.parametrize("size", SIZES[1:])
def test_an_altered_entry_is_named_exactly_by_hashes_that_are_genuine(size: int) -> None:
    for index in Random(size).sample(range(size), min(size, 12)):
        log = memory_log(size, size // 3, size // 2)
        log.entries[index] = FORGED
        found = objection(log)
        assert (found.index, str(found)) == (index, f"entry {index} was altered, inserted or moved")


ATTACKS: dict[str, Callable[[MemoryLog, int], None]] = {
    "deleted": lambda log, index: log.entries.__setitem__(index, None),
    "cut out": lambda log, index: log.entries.__delitem__(index),
    "inserted": lambda log, index: log.entries.insert(index, FORGED),
    "swapped": lambda log, index: log.entries.__setitem__(
        slice(index, index + 2), [log.entries[index + 1], log.entries[index]]
    ),
    "repeated": lambda log, index: log.entries.insert(index, log.entries[index]),
    "truncated": lambda log, index: log.entries.__delitem__(slice(index, None)),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_named_by_its_first_entry(attack: str) -> None:
    for index in (0, 1, 254, 255, 256, 300, 510, 511, 512, 697):
        log = memory_log(700, 100, 256, 555)
        ATTACKS[attack](log, index)
        named = index + 1 if attack == "repeated" else index
        assert objection(log).index == named, index


EDITS = st.lists(st.tuples(st.sampled_from(sorted(ATTACKS)), st.integers(0, 590)), min_size=1, max_size=4)


@given(EDITS, st.lists(st.integers(1, 599), max_size=4))
def test_whatever_was_done_in_whatever_order_the_first_difference_is_named(
    edits: list[tuple[str, int]], sealed: list[int]
) -> None:
    log = memory_log(600, *sealed)
    genuine = list(log.entries)
    for attack, index in edits:
        if index + 1 < len(log.entries):
            ATTACKS[attack](log, index)
    found = [*log.entries[:600], *["nothing"] * (600 - len(log.entries))]
    differing = [place for place in range(600) if found[place] != genuine[place]]
    if differing:
        assert objection(log).index == differing[0]
    else:
        log.verify()


@pytest.mark.parametrize("attack", ["cut out", "inserted", "swapped", "truncated"])
def test_without_kept_hashes_it_objects_at_the_next_signed_root(attack: str) -> None:
    for index in (0, 99, 100, 400, 554):
        log = memory_log(700, 100, 256, 555)
        log.has_tiles = False
        ATTACKS[attack](log, index)
        found = objection(log).index
        assert found is not None
        assert found <= index


def test_whoever_forges_entry_and_hash_meets_the_tile_above() -> None:
    log = memory_log(2000, 100, 1999)
    log.entries[700] = FORGED
    log.hash(700, leaf_hash(FORGED))
    assert str(objection(log)) == "an entry between 512 and 767 was altered, inserted or moved"


def test_whoever_forges_every_tile_meets_the_signed_root() -> None:
    for size, sealed, told in (
        (2000, (600, 900), "600 and 899"),
        (768, (), "0 and 767"),
        (1024, (512,), "512 and 1023"),
    ):
        log = memory_log(size, *sealed)
        forged = memory_log(size, special={700: FORGED})
        log.entries, log.tiles = forged.entries, forged.tiles
        assert str(objection(log)) == f"an entry between {told} was altered, inserted or moved"


def test_an_altered_entry_is_named_by_its_tile_where_the_slot_above_was_changed_too() -> None:
    log = memory_log(2000, 600)
    log.entries[700] = FORGED
    log.hash(2, bytes(32), level=1)
    assert objection(log).index == 600, "behind the last root that fitted"
    log = memory_log(2000, 720, 730)
    log.entries[725] = FORGED
    log.hash(2, bytes(32), level=1)
    found = objection(log).index
    assert found is not None
    assert 720 <= found <= 725


def test_an_altered_entry_before_another_forged_with_its_hash_is_named_first() -> None:
    log = memory_log(2000, 1999)
    log.entries[5] = FORGED
    log.entries[700] = FORGED
    log.hash(700, leaf_hash(FORGED))
    assert objection(log).index == 5
    log.entries[5], log.entries[1500] = b"entry 5", FORGED
    assert objection(log).index == 512, "the tile of the one that was forged with its hash"


def test_a_damaged_hash_of_an_intact_entry_is_told_apart() -> None:
    log = memory_log(700, 300)
    log.hash(299, bytes(32))
    found = objection(log)
    assert found.index == 299
    assert "the entry is intact" in str(found)


def test_a_damaged_hash_does_not_hide_an_altered_entry() -> None:
    for index in (5, 298, 299, 300):
        log = memory_log(700, 300)
        log.hash(299, bytes(32))
        log.entries[index] = FORGED
        found = objection(log)
        assert "intact" not in str(found) or index == 300
        assert found.index is not None
        assert found.index <= index


def test_missing_tiles_are_not_taken_for_missing_entries() -> None:
    for place in ((0, 0), (0, 1), (0, 2), (1, 0)):
        log = memory_log(700, 300)
        log.tiles[place] = b""
        assert "intact" in str(objection(log)), place


def test_a_slot_that_no_tile_fills_any_more_is_held_against_the_last_root_after_a_resumption() -> None:
    log = memory_log(700, 300)
    log.hash(1, bytes(32), level=1)
    assert "tile 0/1 does not fit" in str(objection(log))
    log = memory_log(700, 300)
    progress = log.progress_at(700)
    log.verify(progress)
    log.hash(0, bytes(32), level=1)
    with pytest.raises(AlteredError, match="the tiles at the end of the log are not what was signed"):
        log.verify(progress)


def test_every_bit_of_every_kept_hash_is_held_against_something() -> None:
    rng = Random(8)
    for _ in range(60):
        log = memory_log(700, 300)
        place = rng.choice(list(log.tiles))
        content = bytearray(log.tiles[place])
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        log.tiles[place] = bytes(content)
        objection(log)


def test_two_signed_states_of_one_size_are_a_fork() -> None:
    log = memory_log(700, 300)
    forked = Checkpoint(ORIGIN, 300, root_of([leaf_hash(FORGED)] * 300))
    assert "forked" in str(objection(log, forked))
    with pytest.raises(AlteredError, match="forked"):
        Verifier([forked, log.checkpoints[0]])
    log.checkpoints.insert(1, forked)
    assert "forked" in str(objection(log))


def test_an_older_checkpoint_that_was_kept_elsewhere_shows_that_the_log_was_made_again() -> None:
    old, new = memory_log(700, 300), memory_log(700, 450, special={17: FORGED})
    new.verify()
    assert str(objection(new, old.checkpoints[0])) == "an entry between 0 and 299 was altered, inserted or moved"


def test_a_newer_checkpoint_that_was_kept_elsewhere_shows_that_the_end_was_cut_off() -> None:
    old, cut = memory_log(700), memory_log(512)
    cut.verify()
    found = objection(cut, old.checkpoints[-1])
    assert str(found) == "the log ends at entry 512, but a checkpoint was signed over 700"
    assert found.index == 512


def test_a_verification_goes_on_from_every_place_where_it_stopped() -> None:
    log = memory_log(1025, 100, 512, 1000)
    whole = log.verify()
    for size in (100, 512, 1000, 1025):
        progress = log.progress_at(size)
        assert progress.size == size
        later = log.verify(progress)
        assert (later.checkpoint, later.checked) == (whole.checkpoint, 1025 - size)


def test_after_a_resumption_it_objects_as_before() -> None:
    for stopped, index in ((100, 100), (100, 700), (1000, 1001), (1000, 1024)):
        log = memory_log(1025, 100, 512, 1000)
        progress = log.progress_at(stopped)
        log.entries[index] = FORGED
        with pytest.raises(AlteredError) as caught:
            log.verify(progress)
        assert caught.value.index == index


def test_progress_of_another_history_meets_the_next_signed_root() -> None:
    log, other = memory_log(700, 300, 512), memory_log(700, 300, special={17: FORGED})
    with pytest.raises(AlteredError):
        log.verify(other.progress_at(300))


def test_nothing_doubtful_is_ever_kept_as_progress() -> None:
    log = memory_log(1025)
    log.entries[300] = FORGED
    verifier = Verifier([log.checkpoints[-1]])
    with pytest.raises(AlteredError):
        log.take_all(verifier)
    assert verifier.resumable.size == 256
