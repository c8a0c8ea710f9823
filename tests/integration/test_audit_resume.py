# SPDX-License-Identifier: Apache-2.0
"""`audit verify --resume`: it goes on where it stopped, and a state that does not fit is never a pass."""

import json
import os
import signal
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from counterfoil_service.audit.evidence import Bundle
from counterfoil_service.audit.log_folder import LogFolder
from counterfoil_service.cli import verification
from counterfoil_service.cli.audit_verify import verify
from counterfoil_service.core.canonical_json import canonical
from support.exported_log import ExportedLog, exported_log


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> ExportedLog:
    """One for all tests."""
    return exported_log(tmp_path_factory.mktemp("exported"))


@pytest.fixture
def log(untouched: ExportedLog, tmp_path: Path) -> ExportedLog:
    """A copy to damage."""
    return untouched.copy(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where a verification keeps how far it came."""
    return tmp_path / "state"


def run(log: ExportedLog, state: Path, *more: object, lines: bool = False) -> Result:
    where = ("--entries", log.lines, "--against", log.new) if lines else ("--folder", log.folder)
    arguments = [str(each) for each in (*where, "--key", log.key, "--resume", state, *more)]
    done = CliRunner().invoke(verify, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def checked(log: ExportedLog, state: Path, *more: object, lines: bool = False) -> int:
    done = run(log, state, *more, "--json", lines=lines)
    assert done.exit_code == 0, done.output
    return int(json.loads(done.stdout)["checked"])


def stopped_at(monkeypatch: pytest.MonkeyPatch, log: ExportedLog, state: Path, bundles: int) -> None:
    """Somebody presses Ctrl-C after so many bundles."""
    whole = LogFolder.bundles

    async def interrupted(self: LogFolder, start: int, end: int) -> AsyncIterator[Bundle]:
        left = bundles
        async for bundle in whole(self, start, end):
            if not left:
                os.kill(os.getpid(), signal.SIGINT)
            left -= 1
            yield bundle

    monkeypatch.setattr(LogFolder, "bundles", interrupted)
    done = run(log, state)
    monkeypatch.undo()
    assert (done.exit_code, done.stdout) == (130, "")
    assert "run the same command again to go on" in done.stderr


def test_a_second_run_reads_only_what_is_new(log: ExportedLog, state: Path) -> None:
    newest = (log.folder / "checkpoint").read_bytes()
    (log.folder / "checkpoint").write_bytes(log.old.read_bytes())
    assert checked(log, state) == 552
    (log.folder / "checkpoint").write_bytes(newest)
    assert checked(log, state) == 150
    assert checked(log, state) == 0
    assert "The first 702 of them were checked earlier" in run(log, state).stdout


@pytest.mark.parametrize("lines", [False, True])
def test_what_was_checked_earlier_is_not_read_again_as_the_help_says(
    log: ExportedLog, state: Path, *, lines: bool
) -> None:
    assert checked(log, state, lines=lines) == 702
    (log.folder / "tile/entries/000").unlink()
    log.lines.write_bytes(b"x\n" * 702)
    assert checked(log, state, lines=lines) == 0
    state.unlink()
    assert run(log, state, lines=lines).exit_code == 1


@pytest.mark.parametrize("bundles", [0, 1, 2])
def test_after_ctrl_c_it_goes_on_where_it_was(
    log: ExportedLog, state: Path, monkeypatch: pytest.MonkeyPatch, bundles: int
) -> None:
    stopped_at(monkeypatch, log, state, bundles)
    begun = int(json.loads(state.read_bytes())["size"])
    assert begun == 256 * bundles + 256 if bundles < 2 else begun == 702
    assert checked(log, state) == 702 - begun


def test_a_verification_that_dies_goes_on_from_what_it_kept_on_its_way(
    log: ExportedLog, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_SAVE_EVERY", 256)
    path = log.folder / "tile/entries/002.p/190"
    path.rename(log.folder / "elsewhere")
    path.mkdir()
    assert run(log, state).exit_code == 1
    path.rmdir()
    (log.folder / "elsewhere").rename(path)
    assert checked(log, state) == 702 - 512


def test_an_entry_behind_where_it_stopped_is_objected_to_as_ever(
    log: ExportedLog, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at(monkeypatch, log, state, 0)
    path = log.folder / "tile/entries/001"
    path.write_bytes(path.read_bytes().replace(b"success", b"failure", 1))
    before = state.read_bytes()
    done = run(log, state, "--json")
    assert (done.exit_code, json.loads(done.stdout)["entry"]) == (1, 256)
    assert state.read_bytes() == before, "nothing doubtful is kept"
    assert run(log, state).exit_code == 1


def test_a_damaged_state_is_an_error_whatever_the_damage(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    whole = state.read_bytes()
    damages = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(0, len(whole) - 1, 7)]
    for damaged in (*damages, b"", whole[:-20], b"{}", whole + whole):
        state.write_bytes(damaged)
        done = run(log, state)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "is damaged" in done.stderr
    state.write_bytes(whole)
    assert checked(log, state) == 0


def edited(state: Path, **changes: Any) -> None:
    """As whoever can write to the file could."""
    content = json.loads(state.read_bytes()) | changes
    del content["sha256"]
    state.write_bytes(canonical(content | {"sha256": sha256(canonical(content)).hexdigest()}) + b"\n")


def test_a_state_of_something_else_is_an_error(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    whole = state.read_bytes()
    assert "is of a verification of folder" in run(log, state, lines=True).stderr
    other = "elsewhere.example/log+00000000+AAAA"
    for changes, told in (
        ({"source": "database"}, "is of a verification of database"),
        ({"key": other}, f"is of the log with the key {other}"),
        ({"v": 2}, "is damaged"),
        ({"edge": []}, "is damaged"),
        ({"size": -1, "edge": []}, "is damaged"),
        ({"size": 704, "edge": ["00" * 32] * 3}, "the log was cut since, or it is another one"),
    ):
        state.write_bytes(whole)
        edited(state, **changes)
        done = run(log, state)
        assert (done.exit_code, done.stdout) == (1, "")
        assert told in done.stderr, changes


def test_a_log_that_was_cut_since_does_not_fit_its_state(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    (log.folder / "checkpoint").write_bytes(log.old.read_bytes())
    assert "702 entries were verified, but the newest checkpoint covers 552" in run(log, state).stderr


def test_a_made_up_edge_meets_the_next_signed_root(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    for size in (702, 512, 256):
        edited(state, size=size, edge=["00" * 32] * size.bit_count(), sound=0)
        assert run(log, state).exit_code == 1


def test_a_log_that_was_made_again_does_not_go_on_from_the_old_one(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    (log.folder / "checkpoint").write_bytes((log.forged / "checkpoint").read_bytes())
    assert "the audit log was changed" in run(log, state).stderr


def test_a_checkpoint_that_the_state_has_passed_must_have_been_part_of_it(log: ExportedLog, state: Path) -> None:
    checked(log, state)
    assert "has gone past the checkpoint of size 552" in run(log, state, "--against", log.old).stderr
    assert checked(log, state, "--against", log.new) == 0
    state.unlink()
    assert checked(log, state, "--against", log.old) == 702
    assert checked(log, state, "--against", log.old) == 0
    assert checked(log, state) == 0
    assert checked(log, state, "--against", log.old) == 0, "it is remembered"
    edited(state, against={"552": "00" * 32})
    assert "forked" in run(log, state, "--against", log.old).stderr
