# SPDX-License-Identifier: Apache-2.0
"""What somebody may do to one place of the log, and how it is undone."""

from abc import ABC, abstractmethod
from random import Random
from typing import ClassVar

from attack.table_rows import HASHED, TableRows

FAR = 1 << 40
"""Behind every log: where an entry goes that an inserted one has pushed out."""
_MOVED = 8


class Edit(ABC):
    """One at a time."""

    name: ClassVar[str]

    def __init__(self, rows: TableRows, size: int, random: Random) -> None:
        self._rows, self._size, self._random = rows, size, random

    @abstractmethod
    async def make(self, place: int) -> int:
        """Do it; the first place that is not as it was."""

    @abstractmethod
    async def undo(self) -> None:
        """Everything as before."""


class Flip(Edit):
    """One bit or letter of one column, and what is empty gets a value."""

    name = "flip"

    async def make(self, place: int) -> int:
        """As `Edit`."""
        column = self._random.choice(HASHED)
        old = (await self._rows.read(place))[column]
        self._undo = (place, column, old)
        await self._rows.put(place, column, self._other(column, old))
        return place

    async def undo(self) -> None:
        """As `Edit`."""
        await self._rows.put(*self._undo)

    def _other(self, column: str, old: object) -> object:
        if isinstance(old, int):
            return old ^ 1 << self._random.randrange(40)
        if isinstance(old, bytes):
            at = self._random.randrange(len(old))
            return old[:at] + bytes([old[at] ^ 1 << self._random.randrange(8)]) + old[at + 1 :]
        if not isinstance(old, str):
            return b"made up" if column == "sealed" else "made up"
        if column == "fields":
            return '{"made":"up"}'
        at = self._random.randrange(len(old))
        return old[:at] + ("a" if old[at] != "a" else "b") + old[at + 1 :]


class Drop(Edit):
    """An entry is gone."""

    name = "drop"

    async def make(self, place: int) -> int:
        """As `Edit`."""
        self._row = await self._rows.read(place)
        await self._rows.delete(place)
        return place

    async def undo(self) -> None:
        """As `Edit`."""
        await self._rows.insert(self._row)


class Insert(Edit):
    """A made-up entry; those behind it move up, the last of eight to where nobody looks."""

    name = "insert"

    async def make(self, place: int) -> int:
        """As `Edit`."""
        self._place, self._end = place, min(place + _MOVED, self._size)
        await self._rows.put(self._end - 1, "leaf_index", FAR)
        await self._push(self._end - 1)
        return place

    async def undo(self) -> None:
        """As `Edit`."""
        await self._pull(self._end - 1)
        await self._rows.put(FAR, "leaf_index", self._end - 1)

    async def _push(self, end: int) -> None:
        row = await self._rows.read(self._place if end > self._place else FAR)
        await self._rows.move(self._place, end, 1)
        made_up = self._random.randbytes(16)
        await self._rows.insert(row | {"position": FAR, "id": made_up, "leaf_index": self._place})

    async def _pull(self, end: int) -> None:
        await self._rows.delete(self._place)
        await self._rows.move(self._place + 1, end + 1, -1)


class InsertAndMoveAll(Insert):
    """A made-up entry; all behind it move up."""

    name = "insert, all moved"

    async def make(self, place: int) -> int:
        """As `Edit`."""
        self._place = place
        await self._push(self._size)
        return place

    async def undo(self) -> None:
        """As `Edit`."""
        await self._pull(self._size)


class Swap(Edit):
    """Two entries, neighbours or not, change places."""

    name = "swap"

    async def make(self, place: int) -> int:
        """As `Edit`."""
        near = place + 1 if place + 1 < self._size else place - 1
        far = self._random.randrange(self._size)
        self._pair = (place, self._random.choice([near, far if far != place else near]))
        await self._rows.swap(*self._pair)
        return min(self._pair)

    async def undo(self) -> None:
        """As `Edit`."""
        await self._rows.swap(*self._pair)


class Truncate(Edit):
    """Nothing is left from here on: no entry, no hash, no checkpoint."""

    name = "truncate"

    async def make(self, place: int) -> int:
        """As `Edit`. Places must fall: each cuts off what the one before it left."""
        await self._rows.truncate(place)
        self._place = place
        return place

    async def undo(self) -> None:
        """Nothing yet: `restore` brings back all of it after the last one."""

    async def restore(self) -> None:
        """Everything as before the first one."""
        await self._rows.restore(self._place, self._size)
