# SPDX-License-Identifier: Apache-2.0
"""Put together what `audit verify` needs: a source, its checkpoints, a policy, and how far it came the last time."""

import asyncio
from pathlib import Path
from typing import Final

import click
import msgspec

from counterfoil_service.app import system_clock
from counterfoil_service.audit.entries_file import EntriesFile
from counterfoil_service.audit.evidence import AlteredError, Source, read_checkpoint
from counterfoil_service.audit.live_log import LiveLog
from counterfoil_service.audit.log_folder import LogFolder
from counterfoil_service.audit.newest_note import newest_note
from counterfoil_service.audit.resume import Resume, Subject
from counterfoil_service.audit.verify import Verified, Verifier, verify
from counterfoil_service.cli.audit_checkpoint import vkey_of
from counterfoil_service.cli.output import fail
from counterfoil_service.cli.progress import entries_bar
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.witness_policy import WitnessPolicy
from counterfoil_service.crypto.notes import BadNote, VerifierKey
from counterfoil_service.crypto.policy import judge, read_policy
from counterfoil_service.db.engine import Database

_SAVE_EVERY: Final = 65_536
"""Entries between two savings: some seconds."""


class Wanted(msgspec.Struct, frozen=True):
    """The command's options."""

    folder: Path | None
    entries: Path | None
    key: str | None
    against: tuple[Path, ...]
    policy: Path | None
    resume: Path | None

    @property
    def is_offline(self) -> bool:
        """Whether nothing of a service is needed."""
        return self.folder is not None or self.entries is not None


class Verdict(msgspec.Struct, frozen=True):
    """`quorum` says who is missing; None where the policy is satisfied, or there is none."""

    verified: Verified
    quorum: str | None


async def verify_live(database: Database, *, wanted: Wanted) -> Verdict:
    """The log in the database. Raises AlteredError and ResumeError."""
    policy, key = _policy(wanted.policy), _checked_key(wanted.key or vkey_of(database))
    source = await LiveLog.open(database, key)
    note = await newest_note(database, lambda note: _missing([note], policy, key) is None)
    if note is None and not wanted.against:
        fail("the audit log has no checkpoint yet: run `counterfoil audit checkpoint`")
    return await _verified(source, key, note, wanted)


def verify_files(wanted: Wanted) -> Verdict:
    """A folder or a file of lines. Raises AlteredError and ResumeError."""
    key = _offline_key(wanted)
    if wanted.folder is not None:
        return asyncio.run(_folder(wanted.folder, key, wanted))
    return asyncio.run(_lines(wanted.entries or Path(), key, wanted))


async def _folder(path: Path, key: str, wanted: Wanted) -> Verdict:
    try:
        folder = LogFolder(path, key)
        return await _verified(folder, key, folder.note, wanted)
    except OSError as error:
        fail(f"{path} cannot be read ({error.strerror}): name a folder that `audit export --format tiles` wrote")


async def _lines(path: Path, key: str, wanted: Wanted) -> Verdict:
    source = EntriesFile(path)
    try:
        try:
            return await _verified(source, key, None, wanted)
        except AlteredError as error:
            raise _or_pruned(error, source.pruned_below()) from None
    except OSError as error:
        fail(f"{path} cannot be read ({error.strerror}): name a file that `audit export --format jsonl` wrote")


def _or_pruned(error: AlteredError, below: int) -> AlteredError:
    if not below:
        return error
    return AlteredError(
        f"{error}; unless the first {below} entries were pruned, as an event in the file says: lines alone cannot be"
        " verified then, so take `audit export --format tiles` and `audit verify --folder`",
        error.index,
    )


async def _verified(source: Source, key: str, newest: str | None, wanted: Wanted) -> Verdict:
    kept = {path: _note(path) for path in wanted.against}
    against = [_kept_checkpoint(note, key, path) for path, note in kept.items()]
    notes = ([] if newest is None else [newest]) + list(kept.values())
    checkpoints = ([] if newest is None else [read_checkpoint(newest, key)]) + against
    total = max(each.size for each in checkpoints)
    largest = [note for note, each in zip(notes, checkpoints, strict=True) if each.size == total]
    missing = _missing(largest, _policy(wanted.policy), key)
    resume = None if wanted.resume is None else Resume(wanted.resume, Subject(source.name, key, against))
    verifier = Verifier(checkpoints, None if resume is None else resume.load(total))
    verified = await _run(source, verifier, resume)
    quorum = f"the newest checkpoint, of size {total}, is not cosigned by the quorum of {wanted.policy}: it lacks"
    return Verdict(verified, None if missing is None else f"{quorum} {', '.join(missing)}")


async def _run(source: Source, verifier: Verifier, resume: Resume | None) -> Verified:
    saved = verifier.size

    def advance() -> None:
        nonlocal saved
        show(verifier.size)
        if resume is not None and verifier.resumable.size - saved >= _SAVE_EVERY:
            saved = verifier.resumable.size
            resume.save(verifier.resumable, system_clock())

    try:
        with entries_bar(verifier.total) as show:
            verified = await verify(source, verifier, advance)
    except asyncio.CancelledError:
        how = "--resume FILE would have kept how far it came"
        if resume is not None:
            resume.save(verifier.resumable, system_clock())
            how = "run the same command again to go on"
        click.echo(f"stopped at entry {verifier.size} of {verifier.total}: {how}", err=True)
        raise
    if resume is not None:
        resume.save(verifier.resumable, system_clock())
    return verified


def _offline_key(wanted: Wanted) -> str:
    if wanted.folder is not None and wanted.entries is not None:
        fail("--folder and --entries are two forms of one log: name one of them")
    policy = _policy(wanted.policy)
    named = list(policy.logs) if policy is not None else []
    key = wanted.key or (named[0] if len(named) == 1 else None)
    if wanted.entries is not None and (key is None or not wanted.against):
        fail("--entries needs --against CHECKPOINT and --key KEY: without them nothing proves anything")
    if key is None:
        fail("--folder needs --key KEY, as `audit checkpoint` printed it: a key that lies in the folder proves nothing")
    return _checked_key(key)


def _checked_key(key: str) -> str:
    try:
        return VerifierKey.parse(key).text
    except BadNote as error:
        fail(f"--key: {error}")


def _policy(path: Path | None) -> WitnessPolicy | None:
    if path is None:
        return None
    try:
        return read_policy(path.read_bytes())
    except OSError as error:
        fail(f"--policy: {path} cannot be read ({error.strerror})")
    except ValueError as error:
        fail(f"--policy: {path}: {error}")


def _missing(notes: list[str], policy: WitnessPolicy | None, key: str) -> tuple[str, ...] | None:
    """The witnesses without which none of these notes has the quorum; None where one has it, or nobody asks."""
    if policy is None:
        return None
    for note in notes:
        read_checkpoint(note, key)
    try:
        verdicts = [judge(note, policy, [key]) for note in notes]
    except BadNote as error:
        fail(f"--policy: {error}")
    return None if any(each.satisfied for each in verdicts) else verdicts[0].missing


def _kept_checkpoint(note: str, key: str, path: Path) -> Checkpoint:
    try:
        return read_checkpoint(note, key)
    except AlteredError as error:
        fail(f"{path}: {error}")


def _note(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        fail(f"{path} cannot be read: name a file that `audit checkpoint` wrote")
