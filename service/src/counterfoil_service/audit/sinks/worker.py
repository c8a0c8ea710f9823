# SPDX-License-Identifier: Apache-2.0
"""The worker of one sink: claims its next entries, sends them, writes what became of it.

Any number of replicas may run one; a batch begins only when the one before is settled, so the order is the log's. It is
sent at least once: a crash after the receiver took it and before the row says so sends the same bytes again.
"""

import logging

from counterfoil_service.audit.sinks.sender import Gone, Sender, TryLater
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.retrying import backoff
from counterfoil_service.db.audit_sinks import NEVER, SinkRow
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.claim_entries import claim_entries, entries_due
from counterfoil_service.operations.read_batch import Batch, NotALeafError, read_batch
from counterfoil_service.operations.register_sink import register_sink
from counterfoil_service.operations.settle_delivery import Deferred, Delivered, SettleDelivery, settle_delivery
from counterfoil_service.stopping import Stopping

POLL_SECONDS = 1.0
FIRST_RETRY_SECONDS = 1
LAST_RETRY_SECONDS = 300
LONGEST_WAIT_SECONDS = 3600
"""However long a receiver wants to be left alone."""

log = logging.getLogger(__name__)


class SinkWorker:
    """`name` is the sink's in the database. A receiver that is slow or down holds nobody up but itself."""

    def __init__(self, database: Database, name: str, sender: Sender) -> None:
        self._database = database
        self._name = name
        # A query may hold a token of the receiver's.
        self._shown = name.partition("?")[0]
        self._sender = sender
        self._registered = False
        self._stopping = Stopping()

    def stop(self) -> None:
        """Finish the batch under way and begin no other."""
        self._stopping.ask()

    async def run(self) -> None:
        """Until stopped; a database that is down is tried again."""
        while not self._stopping.asked():
            try:
                while not self._stopping.asked() and await self.work():
                    pass
            except Refusal:
                log.warning("sink %s waits: the database does not answer", self._shown)
            except Exception:
                log.exception("the worker of sink %s met an error and goes on", self._shown)
            await self._stopping.rest(POLL_SECONDS)

    async def work(self) -> bool:
        """One batch; whether it was delivered."""
        if not self._registered:
            await self._database.write(register_sink, self._name)
            self._registered = True
        if not await self._database.read(entries_due, self._name, self._database.context().now):
            return False
        claimed = await self._database.write(claim_entries, self._name)
        if claimed is None:
            return False
        outcome = await self._deliver(claimed)
        self._tell(claimed, outcome)
        await self._database.write(settle_delivery, SettleDelivery(claimed, outcome))
        return isinstance(outcome, Delivered)

    async def _deliver(self, claimed: SinkRow) -> Delivered | Deferred:
        try:
            batch = await self._database.read(read_batch, claimed.next_index)
            if batch.entries:
                await self._sender.send(batch, self._database.context().now)
        except NotALeafError as error:
            log.critical("sink %s gets nothing more: %s; run `counterfoil audit verify`", self._shown, error)
            return self._deferred(claimed, "altered_entry", 0)
        except Gone:
            return Deferred("gone", NEVER)
        except TryLater as error:
            return self._deferred(claimed, error.code, error.wait or 0)
        self._tell_missing(claimed, batch)
        return Delivered(batch.end)

    def _deferred(self, claimed: SinkRow, code: str, wait: int) -> Deferred:
        context = self._database.context()
        pause = backoff(claimed.attempts, first=FIRST_RETRY_SECONDS, last=LAST_RETRY_SECONDS, entropy=context.entropy)
        return Deferred(code, context.now + max(pause, min(wait, LONGEST_WAIT_SECONDS * SECOND)))

    def _tell(self, claimed: SinkRow, outcome: Delivered | Deferred) -> None:
        """What changed, and only that: a receiver that is down for a day is one line."""
        if isinstance(outcome, Delivered):
            if claimed.problem is not None:
                log.info("sink %s takes entries again", self._shown)
        elif outcome.due_at == NEVER:
            hint = "once it does, run `counterfoil audit sinks rewind`"
            log.critical("sink %s wants no entries any more and gets none (410): %s", self._shown, hint)
        elif outcome.problem != claimed.problem:
            log.warning("sink %s does not take entries and is tried again: %s", self._shown, outcome.problem)

    def _tell_missing(self, claimed: SinkRow, batch: Batch) -> None:
        if batch.missing:
            text = "sink %s: %d entries from %d on are not in the log any more; run `counterfoil audit verify`"
            log.warning(text, self._shown, batch.missing, claimed.next_index)
