# SPDX-License-Identifier: Apache-2.0
"""`audit checkpoint`, `export` and `verify`: what an auditor takes along, and holds against the log later."""

import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from counterfoil_service.audit.verify import AlteredError, Verified, Verifier, kept_hash, read_checkpoint
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, show_json
from counterfoil_service.cli.spellings import FORMATS, Spelling, spelling
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.leaf import leaf_bytes, parse_leaf
from counterfoil_service.db import log
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import LogInconsistentError, seal_events

_PAGE = 1000


@click.command()
@json_option
def checkpoint(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Seal what is pending, and print the signed checkpoint: keep it where nobody of this service can change it."""
    sealed, vkey = run(_sealed)
    if as_json:
        show_json({"size": sealed.size, "root": sealed.root.hex(), "checkpoint": sealed.note, "key": vkey})
    else:
        click.echo(sealed.note, nl=False)
        Console(stderr=True, highlight=False).print(f"key: {vkey}", soft_wrap=True, markup=False)


async def _sealed(database: Database) -> tuple[log.SignedCheckpoint, str]:
    try:
        while (sealed := await database.write(seal_events, _PAGE)).count == _PAGE:
            pass
    except LogInconsistentError as error:
        fail(f"nothing was signed: {error}; run `counterfoil audit verify`")
    if sealed.checkpoint is None:
        fail("the audit log is empty: there is nothing to sign yet")
    return sealed.checkpoint, _vkey(database)


def _vkey(database: Database) -> str:
    context = database.context()
    return log_key(context.keys, context.settings).vkey


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), required=True)
@click.option("--enterprise", type=click.IntRange(1), help="Your own IANA enterprise number, for syslog.")
def export(form: str, enterprise: int | None) -> None:
    """Print every sealed entry in the log's order, a line each.

    JSONL is one canonical leaf a line, byte for byte what was hashed: `audit verify --entries` checks it. Personal
    fields stay sealed in every format.
    """
    try:
        spell = spelling(form, enterprise)
    except ValueError as error:
        fail(f"--enterprise: {error}")
    run(partial(_exported, spell=spell))


async def _exported(database: Database, *, spell: Spelling) -> None:
    out = sys.stdout.buffer
    out.write(spell.header.encode())
    async for page in _pages(database, await database.read(log.last_index) + 1):
        for entry in page:
            if entry.leaf is None:
                fail(f"entry {entry.index} is no leaf of this log: run `counterfoil audit verify`")
            out.write((spell.line(Exported(entry.leaf, entry.index or 0, {})) + spell.end).encode())
    out.flush()


async def _pages(database: Database, end: int) -> AsyncIterator[list[log.Entry]]:
    """The entries below `end`."""
    index = 0
    while page := await database.read(log.entries, index, min(_PAGE, end - index)):
        inside = [entry for entry in page if (entry.index or 0) < end]
        yield inside
        if len(inside) < len(page):
            return
        index = (page[-1].index or 0) + 1


@click.command()
@click.option("--against", type=click.Path(path_type=Path), help="A checkpoint that was kept elsewhere.")
@click.option("--entries", type=click.Path(path_type=Path), help="An exported JSONL file, instead of the database.")
@click.option("--key", help="The log's public key, as `audit checkpoint` prints it; needed with --entries.")
@json_option
def verify(against: Path | None, entries: Path | None, key: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Check every entry; exits with 0 only for an untouched log, else names the first place that does not fit.

    With --entries nothing but that file, --against and --key are used: no database, no secret.
    """
    try:
        if entries is not None:
            verified = _offline(entries, against, key)
        else:
            verified = run(lambda database: _live(database, against, key))
    except AlteredError as error:
        if as_json:
            show_json({"verified": False, "entry": error.index, "problem": str(error)})
            sys.exit(1)
        fail(f"the audit log was changed: {error}")
    shown = {"verified": True, "size": verified.checkpoint.size, "root": verified.checkpoint.root.hex()}
    if as_json:
        show_json(shown)
    else:
        click.echo(f"{verified.checked} entries fit the checkpoint of size {verified.checkpoint.size}.")


def _offline(entries: Path, against: Path | None, key: str | None) -> Verified:
    if against is None or key is None:
        fail("--entries needs --against CHECKPOINT and --key KEY: without them nothing proves anything")
    verifier = Verifier([read_checkpoint(_read(against), key)])
    try:
        with entries.open("rb") as lines, _progress(verifier.total) as advance:
            for index, line in enumerate(lines):
                verifier.take(index, _leaf_of_line(line, index), None)
                advance()
    except OSError as error:
        fail(f"{entries} cannot be read ({error.strerror}): name a file that `audit export --format jsonl` wrote")
    return verifier.finish()


def _leaf_of_line(line: bytes, index: int) -> bytes:
    data = line.removesuffix(b"\n")
    try:
        parse_leaf(data)
    except ValueError:
        raise AlteredError(f"entry {index} is no leaf of this log", index) from None
    return data


async def _live(database: Database, against: Path | None, key: str | None) -> Verified:
    vkey = key or _vkey(database)
    # In this order: on a running service the log grows meanwhile, an entry and the checkpoint over it at once.
    last_index = await database.read(log.last_index)
    checkpoints = [_own(row, vkey) for row in await database.read(log.all_checkpoints)]
    if against is not None:
        checkpoints.append(read_checkpoint(_read(against), vkey))
    if not checkpoints:
        fail("the audit log has no checkpoint yet: run `counterfoil audit checkpoint`")
    verifier = Verifier(checkpoints)
    with _progress(verifier.total) as advance:
        async for page in _pages(database, verifier.total):
            tiles = {number: await database.read(log.tile, 0, number) for number in _tiles_of(page)}
            for entry in page:
                index = entry.index or 0
                verifier.take(index, _bytes_of(entry, index), kept_hash(tiles, index))
                advance()
    verified = verifier.finish()
    if last_index >= verified.checkpoint.size:
        raise AlteredError(f"entry {last_index} stands behind the end of the last checkpoint", last_index)
    return verified


def _own(row: log.SignedCheckpoint, vkey: str) -> Checkpoint:
    """A stored checkpoint, whose columns must say what its signed text says."""
    signed = read_checkpoint(row.note, vkey)
    if (signed.size, signed.root) != (row.size, row.root):
        raise AlteredError(f"the row of the checkpoint of size {signed.size} is not what was signed")
    return signed


def _tiles_of(page: list[log.Entry]) -> set[int]:
    return {(entry.index or 0) // 256 for entry in page}


def _bytes_of(entry: log.Entry, index: int) -> bytes:
    if entry.leaf is None:
        raise AlteredError(f"entry {index} is no leaf of this log", index)
    return leaf_bytes(entry.leaf)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        fail(f"{path} cannot be read: name a file that `audit checkpoint` wrote")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, where a person looks on."""
    columns = (TextColumn("entries"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("entries", total=total)
        yield lambda: bar.advance(task)
