# SPDX-License-Identifier: Apache-2.0
"""`audit verify` on what was exported: what it takes, what it says, and what it must not believe."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from counterfoil_service.cli.audit_verify import verify
from counterfoil_service.core.leaf import leaf_bytes, parse_leaf
from counterfoil_service.crypto.notes import COSIGNATURE, NoteKey
from support.exported_log import ExportedLog, exported_log

WITNESSES = [NoteKey(f"witness{number}.example/w", bytes([number]) * 32, COSIGNATURE) for number in range(3)]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> ExportedLog:
    """One for all tests."""
    return exported_log(tmp_path_factory.mktemp("exported"))


@pytest.fixture
def log(untouched: ExportedLog, tmp_path: Path) -> ExportedLog:
    """A copy to damage."""
    return untouched.copy(tmp_path)


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(verify, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def told(*arguments: object) -> dict[str, object]:
    """What it says to programs; the exit status must agree."""
    done = run(*arguments, "--json")
    answer: dict[str, object] = json.loads(done.stdout)
    assert done.exit_code == (0 if answer["verified"] else 1)
    return answer


def refused(*arguments: object) -> str:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr


def folder(log: ExportedLog) -> tuple[object, ...]:
    return ("--folder", log.folder, "--key", log.key)


def lines(log: ExportedLog, *against: Path) -> tuple[object, ...]:
    kept = [part for path in against or (log.new,) for part in ("--against", path)]
    return ("--entries", log.lines, "--key", log.key, *kept)


def test_folder_and_lines_prove_themselves_against_any_number_of_checkpoints(log: ExportedLog) -> None:
    root = told(*folder(log))["root"]
    whole = {"verified": True, "size": 702, "root": root, "checked": 702, "pruned": 0}
    assert told(*folder(log), "--against", log.old, "--against", log.new) == whole
    assert told(*lines(log)) == whole
    assert told(*lines(log, log.old, log.new)) == whole
    assert run(*folder(log)).stdout == "702 entries fit the checkpoint of size 702.\n"


def test_one_of_several_checkpoints_that_does_not_fit_is_enough(log: ExportedLog) -> None:
    forged = log.forged / "checkpoint"
    for options in (folder(log), lines(log)):
        answer = told(*options, "--against", log.old, "--against", forged)
        assert "forked" in str(answer["problem"])


def test_edited_lines_are_objected_to_at_the_next_checkpoint(log: ExportedLog) -> None:
    whole = log.lines.read_bytes().splitlines(keepends=True)
    edits: list[tuple[list[bytes], int]] = [
        ([whole[1], whole[0], *whole[2:]], 0),
        ([*whole[:600], whole[601], whole[600], *whole[602:]], 552),
        ([*whole[:600], whole[600].replace(b"success", b"failure"), *whole[601:]], 552),
        ([*whole[:600], b"{}\n", *whole[601:]], 600),
        ([*whole[:600], b"x" * 100_000 + b"\n", *whole[601:]], 600),
        (whole[:-1], 701),
        ([*whole, whole[0]], 702),
        ([], 0),
    ]
    for edited, index in edits:
        log.lines.write_bytes(b"".join(edited))
        assert told(*lines(log, log.old, log.new))["entry"] == index


def test_lines_of_a_pruned_log_are_not_taken_for_proof_and_the_folder_is_named(log: ExportedLog) -> None:
    whole = log.lines.read_bytes().splitlines(keepends=True)
    leaf = parse_leaf(whole[0].rstrip())
    event = leaf_bytes(
        type(leaf)(id=leaf.id, time=leaf.time, type="audit.pruned", outcome="success", fields={"below": 256})
    )
    log.lines.write_bytes(b"".join([*whole[256:], event + b"\n"]))
    problem = str(told(*lines(log))["problem"])
    assert "unless the first 256 entries were pruned" in problem
    assert "`audit verify --folder`" in problem


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        (lambda log: ("--folder", log.folder), "as `audit checkpoint` printed it"),
        (lambda log: ("--folder", log.folder, "--entries", log.lines, "--key", log.key), "name one of them"),
        (lambda log: ("--folder", log.folder / "nowhere", "--key", log.key), "`audit export --format tiles`"),
        (lambda log: ("--folder", log.lines, "--key", log.key), "`audit export --format tiles`"),
        (lambda log: ("--folder", log.folder, "--key", "nonsense"), "--key: a vkey is name"),
        (lambda log: ("--folder", log.folder, "--key", WITNESSES[0].vkey), "not by this key"),
        (lambda log: (*folder(log), "--against", log.folder / "nowhere"), "`audit checkpoint`"),
        (lambda log: (*folder(log), "--against", log.lines), "a checkpoint cannot be read"),
        (lambda log: ("--entries", log.lines, "--key", log.key), "--against CHECKPOINT and --key KEY"),
        (lambda log: ("--entries", log.lines, "--against", log.new), "--against CHECKPOINT and --key KEY"),
        (lambda log: ("--entries", log.folder, "--key", log.key, "--against", log.new), "--format jsonl"),
        (lambda log: (*folder(log), "--policy", log.folder / "nowhere"), "--policy"),
        (lambda log: (*folder(log), "--policy", log.old), "line 1"),
        (lambda log: (*folder(log), "--resume", log.folder), "--resume"),
        (lambda log: (*folder(log), "--resume", log.lines / "state"), "--resume"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    log: ExportedLog, options: Callable[[ExportedLog], tuple[object, ...]], way_out: str
) -> None:
    assert way_out in refused(*options(log))


def policy(log: ExportedLog, place: Path, quorum: str, key: str | None = None) -> Path:
    """Any two of three witnesses."""
    named = [f"witness W{number} {each.vkey}" for number, each in enumerate(WITNESSES)]
    text = "\n".join([f"log {key or log.key}", *named, "group two 2 W0 W1 W2", f"quorum {quorum}", ""])
    path = place / "policy"
    path.write_text(text, "utf-8")
    return path


def cosign(path: Path, *witnesses: NoteKey) -> None:
    note = path.read_text("utf-8")
    body = note.partition("\n\n")[0] + "\n"
    path.write_text(note + "".join(each.cosign(body, 1_795_000_000) for each in witnesses), "utf-8")


def test_the_newest_checkpoint_must_have_the_quorum_and_who_is_missing_is_named(
    log: ExportedLog, tmp_path: Path
) -> None:
    options = (*folder(log), "--policy", policy(log, tmp_path, "two"))
    problem = refused(*options)
    assert "of size 702" in problem
    assert problem.rstrip().endswith("it lacks W0, W1, W2")
    cosign(log.folder / "checkpoint", WITNESSES[1])
    assert str(told(*options)["problem"]).endswith("it lacks W0, W2")
    cosign(log.folder / "checkpoint", WITNESSES[2])
    assert told(*options)["verified"] is True
    policy(log, tmp_path, "W0")
    assert str(told(*options)["problem"]).endswith("it lacks W0")
    policy(log, tmp_path, "none")
    assert told(*options)["verified"] is True


def test_an_older_checkpoint_is_no_substitute_for_the_newest(log: ExportedLog, tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.write_bytes(log.old.read_bytes())
    cosign(older, *WITNESSES)
    options = (*folder(log), "--policy", policy(log, tmp_path, "two"))
    assert told(*options, "--against", older)["verified"] is False
    newest = tmp_path / "newest"
    newest.write_bytes(log.new.read_bytes())
    cosign(newest, *WITNESSES)
    assert told(*options, "--against", newest)["verified"] is True, "the same checkpoint, as somebody else kept it"


def test_a_log_that_was_edited_is_objected_to_before_who_is_missing(log: ExportedLog, tmp_path: Path) -> None:
    (log.folder / "tile/entries/001").unlink()
    answer = told(*folder(log), "--policy", policy(log, tmp_path, "two"))
    assert answer["entry"] == 256


def test_the_policy_names_the_log(log: ExportedLog, tmp_path: Path) -> None:
    path = policy(log, tmp_path, "none")
    assert told("--folder", log.folder, "--policy", path)["verified"] is True
    stranger = NoteKey("elsewhere.example/log", bytes(32))
    assert "--policy" in refused(*folder(log), "--policy", policy(log, tmp_path, "none", stranger.vkey))
