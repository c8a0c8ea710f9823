# SPDX-License-Identifier: Apache-2.0
"""`audit export`: the log as lines on standard output, now or as it grows, or as a folder of files."""

import asyncio
import os
import select
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

import click
import msgspec

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.audit.export_folder import FolderExport, FolderExported
from counterfoil_service.audit.newest_note import newest_note
from counterfoil_service.cli.audit_checkpoint import vkey_of
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail
from counterfoil_service.cli.progress import entries_bar
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.db import log
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.record_export import RecordExport, record_export
from counterfoil_service.spellings import FORMATS, Spelling, spelling

_TILES: Final = "tiles"
_PAGE: Final = 1000
_LOOK_SECONDS: Final = 1.0


class _Lines(msgspec.Struct, frozen=True):
    """What is printed: entries from `start` on, and with `follow` those that come."""

    form: str
    spell: Spelling
    start: int
    follow: bool


@click.command()
@click.option("--format", "form", type=click.Choice([*FORMATS, _TILES]), required=True)
@click.option("--enterprise", type=click.IntRange(1), help="Your own IANA enterprise number, for syslog.")
@click.option("--from", "start", type=click.IntRange(0), help="The first entry, counted from 0.")
@click.option("--follow", is_flag=True, help="Go on with every entry as it is sealed, until interrupted.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the files of --format tiles go.")
def export(
    form: str,
    enterprise: int | None,
    start: int | None,
    follow: bool,  # noqa: FBT001 - click passes by name
    folder: Path | None,
) -> None:
    """Print every sealed entry in the log's order, a line each; or write the log into a folder.

    JSONL is one canonical leaf a line, byte for byte what was hashed: `audit verify --entries` checks it. The folder of
    --format tiles (C2SP tlog-tiles) holds hashes and checkpoints too, and `audit verify --folder` checks it; the next
    export into it adds what is new. Personal fields stay sealed in every format.
    """
    if form == _TILES:
        if folder is None or follow or start is not None or enterprise is not None:
            fail("--format tiles takes --folder DIR and nothing else: it always writes the whole log")
        run(partial(_write_folder, folder=folder))
        return
    if folder is not None:
        fail("--folder is for --format tiles: every other format is printed")
    try:
        spell = spelling(form, enterprise)
    except ValueError as error:
        fail(f"--enterprise: {error}")
    _print(_Lines(form, spell, start or 0, follow))


def _print(wanted: _Lines) -> None:
    try:
        run(partial(_lines, wanted=wanted))
    except BrokenPipeError:
        # Whoever read has enough. Python flushes once more when it leaves, and must not stumble over it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        if not wanted.follow:
            raise


async def _lines(database: Database, *, wanted: _Lines) -> None:
    await database.write(record_export, RecordExport(wanted.form, wanted.start))
    out = sys.stdout.buffer
    out.write(wanted.spell.header.encode())
    index = wanted.start
    while True:
        end = await database.read(log.last_index) + 1
        async for page in _pages(database, index, end):
            if index == wanted.start and page[0].index != index:
                _tell_pruned(page[0].index or 0)
            out.write(b"".join(_line(entry, wanted.spell) for entry in page))
            index = (page[-1].index or 0) + 1
            await asyncio.sleep(0)
        out.flush()
        if not wanted.follow:
            return
        await asyncio.sleep(_LOOK_SECONDS)
        _check_reader()


def _line(entry: log.Entry, spell: Spelling) -> bytes:
    if entry.leaf is None:
        fail(f"entry {entry.index} is no leaf of this log: run `counterfoil audit verify`")
    return (spell.line(Exported(entry.leaf, entry.index or 0, {})) + spell.end).encode()


async def _pages(database: Database, index: int, end: int) -> AsyncIterator[list[log.Entry]]:
    """The entries from `index` to before `end`."""
    while index < end:
        page = await database.read(log.entries, index, min(_PAGE, end - index))
        inside = [entry for entry in page if (entry.index or 0) < end]
        if not inside:
            return
        yield inside
        index = (inside[-1].index or 0) + 1


def _check_reader() -> None:
    """BrokenPipeError where nobody reads any more: without a new entry to write, nothing else would show it."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
        raise BrokenPipeError


def _tell_pruned(first: int) -> None:
    click.echo(
        f"note: the first entry that is there is {first}: what was before it was pruned, or deleted."
        " Lines alone cannot show which; `audit export --format tiles` and `audit verify --folder` can.",
        err=True,
    )


async def _write_folder(database: Database, *, folder: Path) -> None:
    witnesses = database.context().settings.audit_witnesses
    note = await newest_note(database, lambda note: all(f"\n— {each.name} " in note for each in witnesses))
    if note is None:
        fail("the audit log has no checkpoint yet: run `counterfoil audit checkpoint`")
    try:
        export = FolderExport(database, folder, vkey_of(database), note)
        await database.write(record_export, RecordExport(_TILES, export.start))
        with entries_bar(export.size) as show:
            exported = await export.run(show)
    except AlteredError as error:
        fail(f"the audit log was not exported: {error}; run `counterfoil audit verify`")
    except OSError as error:
        fail(f"{folder} cannot be written ({error.strerror}): name a folder of yours")
    _tell(exported, folder)


def _tell(exported: FolderExported, folder: Path) -> None:
    click.echo(f"{folder} has {exported.size} entries and their checkpoint; {exported.written} files are new.")
    if exported.pruned:
        click.echo(f"{exported.pruned} entries were pruned: their hashes alone are there.")
