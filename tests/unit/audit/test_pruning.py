# SPDX-License-Identifier: Apache-2.0
"""Entries that are missing: pruned where the log itself says so, deleted otherwise [R134]."""

import pytest

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.audit.pruning import announced_below
from support.memory_log import MemoryLog, entry, memory_log

BELOW = 512
NAME = "audit.pruned"


def pruned(below: int = BELOW, *, event: bytes | None = None, at: int = 800) -> MemoryLog:
    """A log of 1,000 that says at one place that what is below 512 was taken out, and of which so much is missing."""
    log = memory_log(1000, 100, 300, 900, special={at: event or entry(at, NAME, below=BELOW)})
    log.entries[:below] = [None] * below
    log.pruned_below = BELOW
    return log


def objection(log: MemoryLog) -> AlteredError:
    with pytest.raises(AlteredError) as caught:
        log.verify()
    return caught.value


def test_what_was_pruned_is_counted_and_the_rest_is_verified() -> None:
    assert (pruned().verify().pruned, pruned().verify().checked) == (BELOW, 1000)
    assert pruned(256).verify().pruned == 256, "a part is still there"


def test_an_altered_entry_behind_what_was_pruned_is_named() -> None:
    for index in (512, 700, 999):
        log = pruned()
        log.entries[index] = b"forged"
        assert objection(log).index == index


def test_the_hashes_of_what_was_pruned_are_held_against_the_signed_roots() -> None:
    log = pruned()
    log.hash(17, bytes(32))
    assert objection(log).index == 0, "between the first entry and the first root that does not fit"
    log = pruned()
    log.tiles[0, 1] = b""
    assert objection(log).index == 256, "neither entry nor hash"


def test_one_entry_more_than_was_announced_is_a_deletion() -> None:
    log = pruned()
    log.entries[BELOW] = None
    assert (objection(log).index, str(objection(log))) == (BELOW, f"entry {BELOW} is missing")


def test_a_hole_that_no_event_of_the_log_announces_is_a_deletion_whatever_the_source_believes() -> None:
    log = pruned(event=b"silent")
    found = objection(log)
    assert found.index == 0
    assert "no event under the checkpoint" in str(found)


def test_an_event_that_announces_less_leaves_the_rest_a_deletion() -> None:
    log = pruned(event=entry(800, NAME, below=256))
    assert objection(log).index == 256


def test_no_event_announces_that_it_is_gone_itself() -> None:
    log = pruned(event=entry(600, NAME, below=900), at=600)
    log.pruned_below = 900
    assert objection(log).index == 0


@pytest.mark.parametrize(
    "event",
    [
        entry(800, "audit.exported", below=BELOW),
        entry(800, NAME),
        entry(800, NAME, under=BELOW),
        entry(800, NAME, below=BELOW)[:-1],
        entry(800, NAME, below=BELOW).replace(b'"below":512', b'"below":"512"'),
        entry(800, NAME, below=BELOW).replace(b"{", b"{ ", 1),
    ],
)
def test_what_is_no_such_event_announces_nothing(event: bytes) -> None:
    assert announced_below(event) == 0


def test_pruning_is_remembered_by_whoever_goes_on_later() -> None:
    log = pruned()
    stopped = log.progress_at(300)
    assert log.verify(stopped).pruned == BELOW
    silent = pruned(event=b"silent")
    with pytest.raises(AlteredError, match="no event"):
        silent.verify(silent.progress_at(900))
