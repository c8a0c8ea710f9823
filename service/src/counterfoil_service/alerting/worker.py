# SPDX-License-Identifier: Apache-2.0
"""The worker of one target: claims alerts by lease, tells of them, writes what became of it.

Any number of replicas may run one. An alert is told at least once: a crash after the target took it and before the row
says so tells it again, under the same id.
"""

import asyncio
import logging
from typing import Final

from counterfoil_service.alerting.sender import PushSender
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.retrying import backoff
from counterfoil_service.db.alert_pushes import is_due
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.claim_pushes import PUSH_LEASE_SECONDS, ClaimedPush, ClaimPushes, claim_pushes
from counterfoil_service.operations.settle_push import NeverTold, PushOutcome, SettlePush, TellLater, settle_push
from counterfoil_service.stopping import Stopping

BATCH: Final = 5
POLL_SECONDS = 1.0
SEND_SECONDS = PUSH_LEASE_SECONDS - 15
"""For one alert, whatever time-outs its sender has on the way."""
FIRST_RETRY_SECONDS: Final = 5
LAST_RETRY_SECONDS: Final = 900
LONGEST_WAIT_SECONDS: Final = 3600
"""However long a target wants to be left alone."""
GIVEN_UP_AFTER: Final = 86_400 * SECOND
"""Who could not be told for a day finds it in the console, which says so."""

log = logging.getLogger(__name__)


class PushWorker:
    """`name` is the target's in the database. A target that is slow or down holds nobody up but itself."""

    def __init__(self, database: Database, name: str, sender: PushSender) -> None:
        self._database = database
        self._name = name
        # Mail goes to a person: their address is in the settings, and not in a log.
        self._shown = "by mail" if name.startswith("mailto:") else name
        self._sender = sender
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
                log.warning("alerts %s wait: the database does not answer", self._shown)
            except Exception:
                log.exception("the worker of alerts %s met an error and goes on", self._shown)
            await self._stopping.rest(POLL_SECONDS)

    async def work(self) -> bool:
        """One batch; whether there was any."""
        if not await self._database.read(is_due, self._name, self._database.context().now):
            return False
        claimed = await self._database.write(claim_pushes, ClaimPushes(self._name, BATCH))
        await asyncio.gather(*(self._tell(each) for each in claimed))
        return bool(claimed)

    async def _tell(self, claimed: ClaimedPush) -> None:
        context, push = self._database.context(), claimed.push
        try:
            async with asyncio.timeout(SEND_SECONDS):
                outcome = await self._sender.send(claimed, context.now)
        except TimeoutError:
            outcome = TellLater("timeout")
        settled = self._settled(claimed, outcome)
        if not isinstance(settled.outcome, TellLater | NeverTold):
            log.info("alert %s was told %s", push.alert_id, self._shown)
        elif settled.outcome.problem != push.problem:
            log.warning("alert %s could not be told %s: %s", push.alert_id, self._shown, settled.outcome.problem)
        await self._database.write(settle_push, settled)

    def _settled(self, claimed: ClaimedPush, outcome: PushOutcome) -> SettlePush:
        push, context = claimed.push, self._database.context()
        if not isinstance(outcome, TellLater):
            return SettlePush(push, outcome)
        if context.now >= push.created_at + GIVEN_UP_AFTER:
            return SettlePush(push, NeverTold(outcome.problem))
        pause = backoff(push.attempts, first=FIRST_RETRY_SECONDS, last=LAST_RETRY_SECONDS, entropy=context.entropy)
        return SettlePush(push, outcome, context.now + max(pause, min(outcome.wait, LONGEST_WAIT_SECONDS * SECOND)))
