# SPDX-License-Identifier: Apache-2.0
"""A log that is edited in its database at many places, one after another, and verified after every edit."""

import time
from collections.abc import Callable, Iterable
from random import Random

import msgspec

from attack.edits import Drop, Edit, Flip, Insert, InsertAndMoveAll, Swap, Truncate
from attack.table_rows import TableRows
from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.live_log import LiveLog
from counterfoil_service.audit.verify import Progress, Verifier, verify
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint
from support.verifying import verifier_of, vkey_of

EDITS: tuple[type[Edit], ...] = (Flip, Drop, Insert, Swap)


class Outcome(msgspec.Struct):
    """Of one kind of edit: how many there were, were objected to, and were named by their first place."""

    edit: str
    places: int = 0
    found: int = 0
    named: int = 0
    seconds: float = 0.0

    @property
    def missed(self) -> bool:
        """Whether any was not found, or not named."""
        return not self.places == self.found == self.named


class AttackedLog:
    """`whole` is how many edits of each kind are verified from entry 0 on.

    All others are verified from the last bundle before the place on, by the progress of a verification of the
    untouched log: what is before it was not edited.
    """

    def __init__(self, database: Database, checkpoint: Checkpoint, progress: dict[int, Progress], whole: int) -> None:
        self._database, self._checkpoint, self._progress, self._whole = database, checkpoint, progress, whole
        self._rows = TableRows(database)

    @classmethod
    async def open(cls, database: Database, whole: int) -> "AttackedLog":
        """Verify the untouched log, and keep the progress at every bundle. AlteredError where it does not pass."""
        progress = {0: Progress()}
        verifier = await verifier_of(database)

        def keep() -> None:
            progress[verifier.resumable.size] = verifier.resumable

        checkpoint = (await verify(await LiveLog.open(database, vkey_of(database)), verifier, keep)).checkpoint
        return cls(database, checkpoint, progress, whole)

    async def attack(self, places: int, random: Random, told: Callable[[int], None]) -> list[Outcome]:
        """Edits of every kind at so many places each; `told` hears of each edit."""
        outcomes = []
        for kind in EDITS:
            chosen = random.sample(range(self._checkpoint.size), places)
            outcomes.append(await self._attack(kind(self._rows, self._checkpoint.size, random), chosen, told))
        moving = InsertAndMoveAll(self._rows, self._checkpoint.size, random)
        outcomes.append(await self._attack(moving, chosen[: self._whole], told))
        cutting = Truncate(self._rows, self._checkpoint.size, random)
        await self._rows.keep()
        outcomes.append(await self._attack(cutting, sorted(chosen, reverse=True), told))
        await cutting.restore()
        return outcomes

    async def passes(self) -> bool:
        """Whether all of it verifies, from entry 0 on."""
        return await self._objection(Progress()) is None

    async def _attack(self, edit: Edit, places: Iterable[int], told: Callable[[int], None]) -> Outcome:
        outcome = Outcome(edit.name)
        began = time.monotonic()
        for number, place in enumerate(places):
            first = await edit.make(place)
            objection = await self._objection(Progress() if number < self._whole else self._before(first))
            await edit.undo()
            outcome.places += 1
            outcome.found += objection is not None
            outcome.named += objection is not None and objection.index == first
            told(1)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _before(self, place: int) -> Progress:
        return self._progress[place - place % WIDTH]

    async def _objection(self, progress: Progress) -> AlteredError | None:
        """Against the newest checkpoint that is left, and the one of the untouched log, which an auditor has kept."""
        source = await LiveLog.open(self._database, vkey_of(self._database))
        left = await self._database.read(newest_checkpoint)
        newest = [] if left is None else [read_checkpoint(left, vkey_of(self._database))]
        try:
            await verify(source, Verifier([*newest, self._checkpoint], progress), lambda: None)
        except AlteredError as error:
            return error
        return None
