# SPDX-License-Identifier: Apache-2.0
"""The workers that have the log's checkpoints cosigned, one a witness, so that none waits for another [R130].

Off every request's path, and beside the sealer: a witness that is slow, dead or lying holds up nothing but its own
cosignatures. On any number of replicas one asks a witness at a time.
"""

import asyncio
import logging
import ssl
from functools import partial

from counterfoil_service.audit.ask_witness import WitnessError, ask_witness
from counterfoil_service.core import tiles
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.retrying import backoff
from counterfoil_service.crypto.notes import COSIGNATURE, BadNote, VerifierKey
from counterfoil_service.db.engine import Database, Entropy
from counterfoil_service.operations.claim_cosigning import ClaimCosigning, claim_cosigning, uncosigned
from counterfoil_service.operations.read_proof import read_proof
from counterfoil_service.operations.store_cosignature import StoreCosignature, store_cosignature
from counterfoil_service.settings import Settings, Witness

LONGEST_PAUSE_SECONDS = 60
_HOLDER_BYTES = 16

log = logging.getLogger(__name__)


class WitnessWorker:
    """Brings one witness the newest checkpoint whenever it has not cosigned that; `pace` is in seconds."""

    def __init__(
        self,
        database: Database,
        witness: Witness,
        pace: int,
        *,
        entropy: Entropy,
        holder: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._database = database
        self._witness = witness
        self._pace = pace
        self._entropy = entropy
        self._claim = ClaimCosigning(witness.vkey, holder)
        self._tls = tls
        self._problem: str | None = None
        self._failures = 0
        self._not_before = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped, then at once: what a witness was about to answer, it answers the next process again."""
        asking = asyncio.create_task(self._ask_on())
        try:
            await self._stopping.wait()
        finally:
            asking.cancel()
            await asyncio.wait([asking])

    async def _ask_on(self) -> None:
        """For ever; a database that is down is tried again."""
        while True:
            try:
                await self.work()
            except Refusal:
                log.warning("witness %s waits: the database does not answer", self._witness.name)
            except Exception:
                log.exception("the worker of witness %s met an error and goes on", self._witness.name)
            await asyncio.sleep(self._pace)

    async def work(self) -> bool:
        """Ask once, if it is due; whether the witness was asked."""
        if self._now() < self._not_before or not await self._database.read(uncosigned, self._witness.vkey):
            return False
        lacking = await self._database.write(claim_cosigning, self._claim)
        if lacking is None:
            return False
        try:
            cosignature = await ask_witness(self._witness, lacking, self._prove, self._now, self._tls)
        except WitnessError as error:
            self._failed(error)
        else:
            await self._database.write(store_cosignature, StoreCosignature(cosignature, self._claim.holder))
            self._succeeded()
        return True

    def _now(self) -> int:
        return self._database.context().now

    async def _prove(self, old_size: int, size: int) -> list[bytes]:
        return await self._database.read(read_proof, partial(tiles.consistency_proof, old_size, size))

    def _failed(self, error: WitnessError) -> None:
        self._failures += 1
        pause = backoff(self._failures, first=self._pace, last=LONGEST_PAUSE_SECONDS, entropy=self._entropy)
        self._not_before = self._now() + pause
        if str(error) == self._problem:
            return
        self._problem = str(error)
        if error.forked:
            log.critical(
                "witness %s refuses this log: %s; somebody changed the log, or another one runs under its key: run "
                "`counterfoil audit verify --against` a checkpoint that was kept elsewhere",
                self._witness.name,
                error,
            )
        else:
            log.warning("witness %s does not cosign: %s", self._witness.name, error)

    def _succeeded(self) -> None:
        if self._problem is not None:
            log.info("witness %s cosigns again", self._witness.name)
        self._problem, self._failures = None, 0


def witness_workers(database: Database, settings: Settings, *, entropy: Entropy) -> list[WitnessWorker]:
    """One for each witness of the settings; a `ValueError` names the rule that one breaks, and the way out."""
    witnesses = settings.audit_witnesses
    keys = [_key(witness) for witness in witnesses]
    if len({key.public for key in keys}) != len(keys):
        raise ValueError("two witnesses have the same key, and would count as two: name it once")
    holder = entropy(_HOLDER_BYTES).hex()
    tls = ssl.create_default_context() if any(witness.url.startswith("https:") for witness in witnesses) else None
    return [
        WitnessWorker(database, witness, settings.audit_delay, entropy=entropy, holder=holder, tls=tls)
        for witness in witnesses
    ]


def _key(witness: Witness) -> VerifierKey:
    try:
        key = VerifierKey.parse(witness.vkey)
    except BadNote as error:
        raise ValueError(f"the key of {witness.name!r} is none ({error}): copy it whole from its operator") from None
    if key.algorithm != COSIGNATURE:
        raise ValueError(f"the key of {witness.name!r} signs notes: a witness's key is of type 4, for cosignatures")
    if not witness.url.isascii():
        raise ValueError(f"the URL of {witness.name!r} is not ASCII: write its host in Punycode")
    return key
