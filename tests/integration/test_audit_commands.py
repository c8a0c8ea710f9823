# SPDX-License-Identifier: Apache-2.0
"""`audit checkpoint`, `export` and `verify` as an auditor types them, each in a process of its own."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from support.processes import RunningService


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """A service that has recorded a few administrative acts and is not running."""
    service = RunningService(tmp_path_factory.mktemp("recorded"))
    for name in ("one", "two", "three"):
        service.told("applications", "add", name, "--client-id", name)
    return service


@pytest.fixture
def here(recorded: RunningService, tmp_path: Path) -> RunningService:
    """A copy for one test."""
    shutil.copytree(recorded.folder, tmp_path / "service")
    return RunningService(tmp_path / "service", recorded.port)


def kept(here: RunningService, name: str) -> tuple[Path, str]:
    """A checkpoint kept in a file, and the log's key."""
    done = here.cli("audit", "checkpoint")
    assert done.returncode == 0, done.stderr
    path = here.folder / name
    path.write_text(done.stdout, "utf-8")
    return path, done.stderr.strip().removeprefix("key: ")


def exported(here: RunningService, name: str = "entries.jsonl") -> Path:
    path = here.folder / name
    path.write_text(here.told("audit", "export", "--format", "jsonl"), "utf-8")
    return path


def edit(here: RunningService, sql: str) -> None:
    with closing(sqlite3.connect(here.folder / "counterfoil.db")) as connection, connection:
        connection.execute(sql)


def size_of(checkpoint: Path) -> int:
    return int(checkpoint.read_text("utf-8").splitlines()[1])


def test_what_is_sealed_verifies_live_and_against_what_was_kept(here: RunningService) -> None:
    old, _ = kept(here, "old")
    here.told("applications", "remove", "two")
    new, _ = kept(here, "new")
    assert size_of(new) > size_of(old)
    assert f"checkpoint of size {size_of(new)}." in here.told("audit", "verify")
    for checkpoint in (old, new):
        shown = json.loads(here.told("audit", "verify", "--against", str(checkpoint), "--json"))
        assert (shown["verified"], shown["size"]) == (True, size_of(new))


def test_an_exported_file_verifies_with_the_key_alone_and_an_edited_line_is_named(here: RunningService) -> None:
    checkpoint, key = kept(here, "checkpoint")
    entries = exported(here)
    stranger = RunningService(here.folder / "elsewhere", secret_key=None)
    offline = ("audit", "verify", "--entries", str(entries), "--against", str(checkpoint), "--key", key)
    stranger.told(*offline)
    assert not (stranger.folder / "counterfoil.db").exists()
    lines = entries.read_text("utf-8").splitlines(keepends=True)
    for changed, named in (
        ([lines[0].replace("one", "eno"), *lines[1:]], 0),
        (lines[:-1], len(lines) - 1),
    ):
        entries.write_text("".join(changed), "utf-8")
        done = stranger.cli(*offline, "--json")
        assert done.returncode == 1, changed
        shown = json.loads(done.stdout)
        assert shown["verified"] is False
        assert shown["entry"] == named, shown


def test_a_folder_goes_to_a_stranger_who_has_the_key_and_a_checkpoint(here: RunningService) -> None:
    old, key = kept(here, "old")
    folder = here.folder / "log"
    assert "has 3 entries" in here.told("audit", "export", "--format", "tiles", "--folder", str(folder))
    here.told("applications", "remove", "two")
    kept(here, "new")
    assert "has 5 entries" in here.told("audit", "export", "--format", "tiles", "--folder", str(folder))
    stranger = RunningService(here.folder / "elsewhere", secret_key=None)
    offline = ("audit", "verify", "--folder", str(folder), "--key", key, "--against", str(old))
    assert stranger.told(*offline) == "5 entries fit the checkpoint of size 5.\n"
    assert not (stranger.folder / "counterfoil.db").exists()
    (folder / "tile/entries/000.p/5").unlink()
    done = stranger.cli(*offline)
    assert (done.returncode, "entry 0 is missing" in done.stderr) == (1, True)


def test_a_state_is_kept_for_the_database_too(here: RunningService) -> None:
    kept(here, "checkpoint")
    verify = ("audit", "verify", "--resume", str(here.folder / "state"), "--json")
    assert json.loads(here.told(*verify))["checked"] == 3
    here.told("applications", "remove", "two")
    kept(here, "new")
    assert json.loads(here.told(*verify))["checked"] == 1


def test_an_export_is_recorded_and_may_begin_later(here: RunningService) -> None:
    kept(here, "checkpoint")
    whole = here.told("audit", "export", "--format", "jsonl").splitlines()
    assert len(whole) == 3
    kept(here, "new")
    later = here.told("audit", "export", "--format", "jsonl", "--from", "2").splitlines()
    assert later[0] == whole[2]
    recorded = json.loads(later[1])
    assert (recorded["type"], recorded["fields"]) == (
        "audit.exported",
        {"format": "jsonl", "from_index": 0, "operator": "cli"},
    )


def buffered(here: RunningService) -> dict[str, str]:
    """As most people run it, whoever runs the tests."""
    return {name: value for name, value in here.environ.items() if name != "PYTHONUNBUFFERED"}


def following(here: RunningService, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "counterfoil_service", "audit", "export", "--format", "jsonl", "--follow", *more],
        cwd=here.folder,
        env=buffered(here),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_quiet(lines: IO[str]) -> list[str]:
    """The types of the next entries, up to the last that is expected."""
    seen: list[str] = []
    while "application.removed" not in seen or seen.count("audit.exported") < 2:
        seen.append(json.loads(lines.readline())["type"])
    return seen


def test_whoever_follows_sees_entries_as_they_are_sealed_and_leaves_cleanly(here: RunningService) -> None:
    """Beside a running service, whose sealer gives the entries their places."""
    with here:
        interrupted, hung_up = following(here), following(here, "--from", "3")
        too_late = [threading.Timer(60, each.kill) for each in (interrupted, hung_up)]
        for timer in too_late:
            timer.start()
        try:
            assert interrupted.stdout is not None
            assert hung_up.stdout is not None
            names = [json.loads(interrupted.stdout.readline())["type"] for _ in range(3)]
            assert names == ["application.added"] * 3
            here.told("applications", "remove", "two")
            # Both exports are in the log too, and what the service records as it starts.
            later = [until_quiet(interrupted.stdout), until_quiet(hung_up.stdout)]
            assert later[0] == later[1]
            hung_up.stdout.close()
            assert hung_up.wait(20) == 0, "it notices without another entry"
            interrupted.send_signal(signal.SIGINT)
            assert interrupted.wait(20) == 0
            for each in (interrupted, hung_up):
                assert each.stderr is not None
                assert each.stderr.read() == ""
        finally:
            for timer in too_late:
                timer.cancel()
            for each in (interrupted, hung_up):
                each.kill()
                each.wait()
                for stream in (each.stdout, each.stderr):
                    assert stream is not None
                    stream.close()


def test_a_reader_who_has_enough_ends_an_export_without_a_word(here: RunningService) -> None:
    kept(here, "checkpoint")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "counterfoil_service", "audit", "export", "--format", "jsonl"],
            cwd=here.folder,
            env=buffered(here),
            stdout=nobody,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_edited_row_is_named(here: RunningService) -> None:
    kept(here, "checkpoint")
    edit(here, "UPDATE audit_events SET outcome = 'failure' WHERE leaf_index = 1")
    done = here.cli("audit", "verify")
    assert done.returncode == 1
    assert "the audit log was changed" in done.stderr
    assert "entry 1 " in done.stderr


def test_a_log_that_was_cut_and_signed_again_meets_the_checkpoint_that_was_kept(here: RunningService) -> None:
    checkpoint, _ = kept(here, "checkpoint")
    size = size_of(checkpoint)
    edit(here, f"DELETE FROM audit_events WHERE leaf_index = {size - 1}")  # noqa: S608 - ours
    for table in ("checkpoints", "log_tiles"):
        edit(here, f"DELETE FROM {table}")  # noqa: S608 - ours
    edit(here, "UPDATE audit_events SET leaf_index = NULL")
    kept(here, "again")
    here.told("audit", "verify")
    assert here.cli("audit", "verify", "--against", str(checkpoint)).returncode == 1


def test_nothing_is_signed_over_tables_that_were_edited(here: RunningService) -> None:
    kept(here, "checkpoint")
    edit(here, "UPDATE log_tiles SET hashes = zeroblob(length(hashes))")
    here.told("applications", "remove", "two")
    done = here.cli("audit", "checkpoint")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "counterfoil audit verify" in done.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf", "ecs", "cef", "syslog"])
def test_every_format_prints_every_entry(here: RunningService, form: str) -> None:
    checkpoint, _ = kept(here, "checkpoint")
    more = ("--enterprise", "54321") if form == "syslog" else ()
    printed = here.told("audit", "export", "--format", form, *more).splitlines()
    assert len(printed) == size_of(checkpoint) + (form == "csv")
    assert all("application.added" in line for line in printed[form == "csv" :][:1])


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        (("export", "--format", "syslog"), "IANA enterprise number"),
        (("export", "--format", "tiles"), "--folder DIR and nothing else"),
        (("export", "--format", "csv", "--folder", "x"), "for --format tiles"),
        (("verify", "--entries", "nowhere.jsonl"), "--against CHECKPOINT and --key KEY"),
        (("verify", "--against", "nowhere"), "audit checkpoint"),
    ],
)
def test_what_is_missing_is_said(here: RunningService, arguments: tuple[str, ...], way_out: str) -> None:
    kept(here, "checkpoint")
    done = here.cli("audit", *arguments)
    assert done.returncode == 1
    assert way_out in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_log_has_nothing_to_sign_or_to_verify(tmp_path: Path) -> None:
    empty = RunningService(tmp_path)
    assert "empty" in empty.cli("audit", "checkpoint").stderr
    assert empty.cli("audit", "verify").returncode == 1
