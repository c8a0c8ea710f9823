# SPDX-License-Identifier: Apache-2.0
"""A log that grows beside its witnesses, and whoever believes both."""

import uuid

from counterfoil_service.audit.witnesses import WitnessWorker
from counterfoil_service.crypto.notes import VerifierKey, signers
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import seal_events
from counterfoil_service.operations.start_login import start_login
from support import acting
from support.stage import Stage
from support.witness import LoopbackWitness

PACE = 2
"""Seconds between two checkpoints that a witness is shown."""


def log_vkey(stage: Stage) -> str:
    """The key of the stage's log."""
    context = stage.database.context()
    return log_key(context.keys, context.settings).vkey


def introduce(stage: Stage, witness: LoopbackWitness) -> None:
    """Have the witness know the stage's log."""
    witness.logs[origin(stage)] = log_vkey(stage)


def origin(stage: Stage) -> str:
    """The log's name."""
    return VerifierKey.parse(log_vkey(stage)).name


async def grow(stage: Stage, logins: int = 2) -> int:
    """Some sealed events more; the log's size."""
    for _ in range(logins):
        await stage.database.write(start_login, acting.command(f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex))
    await stage.database.write(seal_events, 1000)
    return int((await stage.rows("SELECT max(size) FROM checkpoints"))[0][0])


def worker_of(stage: Stage, witness: LoopbackWitness, holder: str = "one") -> WitnessWorker:
    """Asks this witness when a test says so."""
    return WitnessWorker(stage.database, witness.setting, PACE, entropy=_longest, holder=holder, tls=None)


def _longest(count: int) -> bytes:
    """By which every pause is as long as it may be."""
    return b"\xff" * count


async def cosigners(stage: Stage, *witnesses: LoopbackWitness) -> list[int | None]:
    """When each of these witnesses signed the newest checkpoint, as whoever trusts them and the log verifies it."""
    note = await stage.database.read(newest_checkpoint)
    assert note is not None
    _, found = signers(note, [log_vkey(stage), *(each.vkey for each in witnesses)])
    times = {key.text: time for key, time in found.items()}
    return [times.get(each.vkey) for each in witnesses]
