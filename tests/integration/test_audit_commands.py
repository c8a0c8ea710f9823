# SPDX-License-Identifier: Apache-2.0
"""`audit checkpoint`, `export` and `verify` as an auditor types them, each in a process of its own."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.processes import RunningService


@pytest.fixture
def here(tmp_path: Path) -> RunningService:
    """A service that has recorded a few administrative acts and is not running."""
    here = RunningService(tmp_path)
    for name in ("one", "two", "three"):
        here.told("applications", "add", name, "--client-id", name)
    return here


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
        ([lines[1], lines[0], *lines[2:]], 0),
        (lines[:-1], len(lines) - 1),
        (["{}\n", *lines[1:]], 0),
        ([*lines, lines[0]], len(lines)),
    ):
        entries.write_text("".join(changed), "utf-8")
        done = stranger.cli(*offline, "--json")
        assert done.returncode == 1, changed
        shown = json.loads(done.stdout)
        assert shown["verified"] is False
        assert shown["entry"] == named, shown


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
