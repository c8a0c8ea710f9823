# SPDX-License-Identifier: Apache-2.0
"""A log as an auditor takes it along: a folder of files, lines, the key, and checkpoints that were kept elsewhere."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from counterfoil_service.audit.evidence import read_checkpoint
from counterfoil_service.audit.export_folder import FolderExport, FolderExported
from counterfoil_service.db import log
from counterfoil_service.db.engine import Database
from support import acting
from support.stage import stage_on
from support.verifying import grown, newest_of, vkey_of

BATCHES = (300, 250, 150)
AGAIN = ("DELETE FROM checkpoints", "DELETE FROM log_tiles", "UPDATE audit_events SET leaf_index = NULL")


@dataclass(frozen=True)
class ExportedLog:
    """`old` is a checkpoint of its first part, `new` of all of it.

    `forged` is a folder of the same size that whoever has the service's secret made later, with another entry 3.
    """

    folder: Path
    forged: Path
    lines: Path
    key: str
    old: Path
    new: Path

    @property
    def size(self) -> int:
        """How many entries there are."""
        return read_checkpoint(self.new.read_text("utf-8"), self.key).size

    def copy(self, place: Path) -> "ExportedLog":
        """One that a test may damage."""
        shutil.copytree(self.folder, place / "folder")
        shutil.copy(self.lines, place / "lines")
        return replace(self, folder=place / "folder", lines=place / "lines")


async def export_to(database: Database, folder: Path) -> FolderExported:
    """As `audit export --format tiles` does."""
    return await FolderExport(database, folder, vkey_of(database), await newest_of(database)).run(lambda _: None)


def exported_log(place: Path) -> ExportedLog:
    """Of 702 entries, in three batches behind the first two."""
    return asyncio.run(_exported(place))


async def _exported(place: Path) -> ExportedLog:
    async with stage_on(f"sqlite:///{place / 'service.db'}", place) as stage:
        database = stage.database
        files = {name: place / name for name in ("folder", "forged", "lines", "old", "new")}
        made = ExportedLog(**files, key=vkey_of(database))
        await grown(database, *BATCHES[:2])
        made.old.write_text(await newest_of(database), "utf-8")
        await export_to(database, made.folder)
        await grown(database, *BATCHES[2:])
        made.new.write_text(await newest_of(database), "utf-8")
        await export_to(database, made.folder)
        entries = await database.read(log.entries, 0, 1000)
        made.lines.write_bytes(b"".join(entry.data + b"\n" for entry in entries if entry.data is not None))
        for sql in (*AGAIN, "UPDATE audit_events SET reason = 'forged' WHERE position = 4"):
            await acting.execute(stage, sql)
        await grown(database, 0)
        await export_to(database, made.forged)
        return made
