# SPDX-License-Identifier: Apache-2.0
"""The log in a database, verified as `audit verify` does it, and what an auditor needs for it."""

import pytest

from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.live_log import LiveLog
from counterfoil_service.audit.verify import Progress, Verified, Verifier, verify
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import seal_events
from support.log import grow_log


def vkey_of(database: Database) -> str:
    """The log's public key."""
    context = database.context()
    return log_key(context.keys, context.settings).vkey


async def newest_of(database: Database) -> str:
    """The newest signed note."""
    note = await database.read(newest_checkpoint)
    assert note is not None
    return note


async def grown(database: Database, *batches: int) -> int:
    """Let the log grow by so many events, sealed after each batch; its size."""
    for count in batches:
        await grow_log(database, count)
        while (await database.write(seal_events, 1000)).count == 1000:
            pass
    return read_checkpoint(await newest_of(database), vkey_of(database)).size


async def verifier_of(database: Database, *against: Checkpoint, progress: Progress | None = None) -> Verifier:
    """Of the newest checkpoint, and older ones."""
    newest = read_checkpoint(await newest_of(database), vkey_of(database))
    return Verifier([newest, *against], progress)


async def verified(database: Database, *against: Checkpoint, progress: Progress | None = None) -> Verified:
    """What holds; AlteredError where something does not."""
    source = await LiveLog.open(database, vkey_of(database))
    return await verify(source, await verifier_of(database, *against, progress=progress), lambda: None)


async def objection(database: Database, *against: Checkpoint, progress: Progress | None = None) -> AlteredError:
    """What is wrong: something must be."""
    with pytest.raises(AlteredError) as caught:
        await verified(database, *against, progress=progress)
    return caught.value
