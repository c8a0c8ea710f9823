# SPDX-License-Identifier: Apache-2.0
"""A log that was exported as files proves itself offline: whatever is done to a file is objected to and named."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.log_folder import LogFolder, join_notes, split_notes
from counterfoil_service.audit.verify import Verified, Verifier, verify
from counterfoil_service.core.tile_files import entry_bundle, parse_bundle
from support.exported_log import ExportedLog, exported_log

SECOND = "tile/entries/001"
LAST = "tile/entries/002.p/190"
UNREAD = {"key", "tile/0/002.p/40", "tile/entries/002.p/40"}
"""What the newest checkpoint does not cover: an earlier one did."""


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> ExportedLog:
    """One for all tests."""
    return exported_log(tmp_path_factory.mktemp("exported"))


@pytest.fixture
def log(untouched: ExportedLog, tmp_path: Path) -> ExportedLog:
    """A copy to damage."""
    return untouched.copy(tmp_path)


def verified(log: ExportedLog, *against: Path) -> Verified:
    folder = LogFolder(log.folder, log.key)
    kept = [read_checkpoint(path.read_text("utf-8"), log.key) for path in against]
    return asyncio.run(verify(folder, Verifier([folder.checkpoint, *kept]), lambda: None))


def objection(log: ExportedLog, *against: Path) -> AlteredError:
    with pytest.raises(AlteredError) as caught:
        verified(log, *against)
    return caught.value


def covered(log: ExportedLog) -> list[Path]:
    """The files that count."""
    paths = sorted(path for path in log.folder.rglob("*") if path.is_file())
    return [path for path in paths if str(path.relative_to(log.folder)) not in UNREAD]


def test_an_untouched_folder_passes_against_every_checkpoint_that_was_kept(log: ExportedLog) -> None:
    for against in ((), (log.old,), (log.new,), (log.old, log.new)):
        assert verified(log, *against).checked == log.size == 702


EDITS: dict[str, tuple[Callable[[list[bytes]], object], int]] = {
    "altered": (lambda entries: entries.__setitem__(17, entries[17].replace(b"success", b"failure")), 17),
    "altered last": (lambda entries: entries.__setitem__(-1, b"{}"), -1),
    "deleted": (lambda entries: entries.pop(17), 17),
    "deleted last": (lambda entries: entries.pop(), -1),
    "inserted": (lambda entries: entries.insert(17, b"{}"), 17),
    "repeated": (lambda entries: entries.insert(17, entries[17]), 18),
    "swapped": (lambda entries: entries.__setitem__(slice(17, 19), [entries[18], entries[17]]), 17),
    "cut": (lambda entries: entries.__delitem__(slice(100, None)), 100),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("bundle", [SECOND, LAST])
def test_an_edited_bundle_of_entries_is_named_by_its_first_edit(log: ExportedLog, bundle: str, edit: str) -> None:
    path = log.folder / bundle
    entries = parse_bundle(path.read_bytes())
    change, place = EDITS[edit]
    first = (256 if bundle == SECOND else 512) + place % len(entries)
    change(entries)
    path.write_bytes(b"".join(entry_bundle([entry]) for entry in entries))
    assert objection(log).index == first


def test_a_bundle_that_breaks_off_within_an_entry_is_named_there(log: ExportedLog) -> None:
    path = log.folder / SECOND
    whole = path.read_bytes()
    entries = parse_bundle(whole)
    path.write_bytes(whole[: len(entry_bundle(entries[:40])) + 5])
    assert objection(log).index == 256 + 40
    path.write_bytes(whole + b"\0\1x")
    assert objection(log).index == 512, "behind the last"


def test_every_byte_of_every_file_counts(log: ExportedLog) -> None:
    rng = Random(3)
    for path in covered(log):
        whole = path.read_bytes()
        for _ in range(3):
            damaged = bytearray(whole)
            damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
            path.write_bytes(damaged)
            objection(log)
        path.write_bytes(whole)
    verified(log)


def test_every_file_of_the_tree_is_needed(log: ExportedLog) -> None:
    tree = [path for path in covered(log) if "tile" in str(path.relative_to(log.folder))]
    assert len(tree) == 7
    for path in tree:
        whole = path.read_bytes()
        path.unlink()
        found = str(objection(log))
        assert ("is missing" if "entries" in str(path) else "intact") in found, path
        path.write_bytes(whole)


def test_the_key_in_the_folder_is_not_believed(log: ExportedLog) -> None:
    for text in (log.key.replace("/log", "/other"), "anything", ""):
        (log.folder / "key").write_text(text)
        verified(log)
    (log.folder / "key").unlink()
    verified(log)


def test_a_folder_that_was_set_back_to_an_older_state_meets_a_newer_checkpoint(log: ExportedLog) -> None:
    shutil.copy(log.old, log.folder / "checkpoint")
    assert verified(log).checked == 552
    found = objection(log, log.new)
    assert (found.index, "ends at entry 552" in str(found)) == (552, True)


def test_a_history_that_was_made_again_meets_every_checkpoint_that_was_kept(log: ExportedLog) -> None:
    made_again = replace(log, folder=log.forged)
    assert verified(made_again).checked == 702
    assert "forked" in str(objection(made_again, log.new))
    assert str(objection(made_again, log.old)) == "an entry between 0 and 551 was altered, inserted or moved"


def test_forged_entries_and_tiles_meet_the_signed_root(log: ExportedLog) -> None:
    shutil.copytree(log.forged / "tile", log.folder / "tile", dirs_exist_ok=True)
    assert str(objection(log)) == "an entry between 0 and 301 was altered, inserted or moved"


def test_a_checkpoint_put_where_it_does_not_end_is_objected_to(log: ExportedLog) -> None:
    shutil.copy(log.folder / "checkpoints" / "002", log.folder / "checkpoints" / "000")
    assert "does not end there" in str(objection(log))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_notes_in_one_file_read_back(untouched: ExportedLog, count: int) -> None:
    notes = [untouched.old.read_text("utf-8"), untouched.new.read_text("utf-8") + "— witness AAAAAAAA\n"] * 3
    assert split_notes(join_notes(notes[:count])) == notes[:count]
