# SPDX-License-Identifier: Apache-2.0
"""The worker that writes what time has ended, deletes what nobody needs any more and prunes the log [R134].

One replica at a time, by a lease; in bounded batches, each a transaction of its own, so that stopping it anywhere loses
nothing and the next one goes on where it stopped.
"""

import logging
import secrets
from collections.abc import Callable

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.db.engine import Database
from counterfoil_service.observing import Observer
from counterfoil_service.operations.forget_old import forget_old
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from counterfoil_service.operations.sweep import sweep
from counterfoil_service.operations.take_lease import TakeLease, take_lease
from counterfoil_service.stopping import Stopping

SWEEP_SECONDS = 5
BATCH = 200
BUNDLES = 8
"""Of 256 entries, pruned in one transaction."""
LEASE_SECONDS = 30

log = logging.getLogger(__name__)


class Sweeper:
    """`after_round` is for what each process keeps in its own memory."""

    def __init__(self, database: Database, after_round: Callable[[], None], observer: Observer | None = None) -> None:
        self._database = database
        self._observer = observer or Observer()
        self._after_round = after_round
        self._lease = TakeLease("sweep", secrets.token_hex(8), LEASE_SECONDS)
        self._stopping = Stopping()

    def stop(self) -> None:
        """Finish the batch under way and begin no other."""
        self._stopping.ask()

    async def run(self) -> None:
        """Until stopped; a database that is down is tried again."""
        while not self._stopping.asked():
            try:
                with self._observer.round("sweeper"):
                    await self.round()
            except Refusal as refusal:
                log.warning("the sweeper waits: %s", refusal.description)
            except Exception:
                log.exception("the sweeper met an error and goes on")
            self._after_round()
            await self._stopping.rest(SWEEP_SECONDS)

    async def round(self) -> bool:
        """All there is to do now; False where another process has the turn, or it was lost on the way."""
        if not await self._has_turn():
            return False
        for step in (self._expire, self._forget, self._prune):
            while await step():
                if not await self._has_turn():
                    return False
        return True

    async def _has_turn(self) -> bool:
        return not self._stopping.asked() and await self._database.write(take_lease, self._lease)

    async def let_go(self) -> None:
        """End our turn at once, for whoever waits."""
        await self._database.write(take_lease, TakeLease(self._lease.name, self._lease.holder, 0))

    async def _expire(self) -> bool:
        return await self._database.write(sweep, BATCH) == BATCH

    async def _forget(self) -> bool:
        return await self._database.write(forget_old, BATCH) == BATCH

    async def _prune(self) -> bool:
        context = self._database.context()
        if context.settings.audit_retention is None:
            return False
        before = context.now - context.settings.audit_retention * SECOND
        return await self._database.write(prune_log, PruneLog(before, BUNDLES, "retention")) == BUNDLES
