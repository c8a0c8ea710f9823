# SPDX-License-Identifier: Apache-2.0
"""The worker that seals the audit log: events get their places and a signed checkpoint soon after they are committed.

Any number of replicas may run one: they take turns by a lock in the database.
"""

import asyncio
import contextlib
import logging

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import log as log_rows
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.record_failed_checkpoint import record_failed_checkpoint
from counterfoil_service.operations.seal_events import LogInconsistentError, seal_events

BATCH = 1000
SEAL_SECONDS = 1.0
"""An event is under a checkpoint within two seconds of its commit."""

log = logging.getLogger(__name__)


class Sealer:
    """Stops signing for good where the log does not continue its last checkpoint [R126]."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Finish the batch under way and begin no other."""
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped; a database that is down is tried again."""
        # The first time also where nothing waits: a log that was changed while nobody ran is found out at the start.
        begun = False
        while not self._stopping.is_set():
            try:
                if not begun or await self._database.read(log_rows.waiting):
                    while (await self._database.write(seal_events, BATCH)).count == BATCH:
                        pass
                begun = True
            except LogInconsistentError as error:
                log.critical("the audit log is not signed any more: %s; run `counterfoil audit verify`", error)
                await self._database.write(record_failed_checkpoint, error.size)
                return
            except Refusal:
                log.warning("the sealer waits: the database does not answer")
            except Exception:
                log.exception("the sealer met an error and goes on")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEAL_SECONDS):
                    await self._stopping.wait()
