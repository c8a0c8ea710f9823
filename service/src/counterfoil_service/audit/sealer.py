# SPDX-License-Identifier: Apache-2.0
"""The worker that seals the audit log: events get their places and a signed checkpoint soon after they are committed.

Any number of replicas may run one: they take turns by a lock in the database.
"""

import logging

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.db import log as log_rows
from counterfoil_service.db.engine import Database
from counterfoil_service.observing import Observer
from counterfoil_service.operations.check_bundle import check_bundle
from counterfoil_service.operations.record_failed_checkpoint import FailedCheckpoint, record_failed_checkpoint
from counterfoil_service.operations.seal_events import LogInconsistentError, seal_events
from counterfoil_service.stopping import Stopping

BATCH = 1000
CHECK_EVERY = 10
"""Rounds of sealing to one of the self-check."""

log = logging.getLogger(__name__)


class Sealer:
    """Stops signing for good where the log is not as it was sealed [R126].

    `delay` is in seconds: within it an event is under a checkpoint, so it is looked for twice as often.
    """

    def __init__(self, database: Database, delay: float, observer: Observer | None = None) -> None:
        self._database = database
        self._observer = observer or Observer()
        self._pause = delay / 2
        self._stopping = Stopping()
        self._bundle = 0

    def stop(self) -> None:
        """Finish the batch under way and begin no other."""
        self._stopping.ask()

    async def run(self) -> None:
        """Until stopped; a database that is down is tried again."""
        rounds = 0
        while not self._stopping.asked():
            try:
                # Also the first time: a log that was changed while nobody ran is found out at the start.
                await self._round(check=rounds % CHECK_EVERY == 0)
                rounds += 1
            except LogInconsistentError as error:
                log.critical("the audit log is not signed any more: %s; run `counterfoil audit verify`", error)
                await self._record(FailedCheckpoint(error.size, error.entry))
                return
            except Refusal:
                log.warning("the sealer waits: the database does not answer")
            except Exception:
                log.exception("the sealer met an error and goes on")
            await self._stopping.rest(self._pause)

    async def _round(self, *, check: bool) -> None:
        if check or await self._database.read(log_rows.waiting):
            with self._observer.round("sealer"):
                while await self._has_more():
                    pass
        if check:
            await self._check()

    async def _has_more(self) -> bool:
        sealed = await self._database.write(seal_events, BATCH)
        self._observer.sealed(sealed.added)
        return BATCH in {sealed.count, sealed.counted} and not self._stopping.asked()

    async def _check(self) -> None:
        """The next bundle, and from the last one on to the first again."""
        size = await self._database.read(log_rows.last_index) + 1
        if self._bundle * WIDTH >= size:
            self._bundle = 0
        odd = await self._database.read(check_bundle, self._bundle)
        if odd is not None:
            raise LogInconsistentError(size, odd)
        self._bundle += 1

    async def _record(self, failed: FailedCheckpoint) -> None:
        """An alert that could not be written, as the database was down, would be lost with the log of this process."""
        while not self._stopping.asked():
            try:
                await self._database.write(record_failed_checkpoint, failed)
            except Exception:
                log.exception("the alert about the audit log could not be recorded, and is tried again")
                await self._stopping.rest(self._pause)
            else:
                return
