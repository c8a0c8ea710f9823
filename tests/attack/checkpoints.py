# SPDX-License-Identifier: Apache-2.0
"""Every checkpoint that was ever seen, kept outside of the database: one that is another one later is a fork."""

from collections.abc import Iterator
from pathlib import Path

from attack.snapshot import Snapshot


class KeptCheckpoints:
    """`paths` are the notes by size, for `audit verify --against`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[int, tuple[bytes, str]] = {}
        folder.mkdir(parents=True)

    @property
    def paths(self) -> list[Path]:
        """The smallest log first."""
        return [self._folder / f"checkpoint-{size}" for size in sorted(self._seen)]

    def forked(self, now: Snapshot) -> Iterator[str]:
        """A checkpoint that was once there stays, byte for byte; keep those that are new."""
        found = {row["size"]: (bytes(row["root"]), row["note"]) for row in now["checkpoints"]}
        for size, seen in self._seen.items():
            if found.get(size) != seen:
                yield f"the checkpoint of size {size} is another one than before"
        for size in found.keys() - self._seen.keys():
            (self._folder / f"checkpoint-{size}").write_text(found[size][1], "utf-8")
        self._seen |= found
