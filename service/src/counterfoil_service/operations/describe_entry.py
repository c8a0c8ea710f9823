# SPDX-License-Identifier: Apache-2.0
"""One place of the audit log, and everything that says whether what stands there is what was signed."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.merkle import HASH_BYTES
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.db import applications, audit, log, log_ranges, operators
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import Entry, SignedCheckpoint
from counterfoil_service.operations.prove_inclusion import prove_inclusion


class EntryView(msgspec.Struct, frozen=True):
    """`entry` None: there is no row at this place; `event` None: there is, and this release cannot read it.

    `kept` is the hash that the tiles have of the place. `proof` None: no checkpoint covers the place, or the tiles give
    no proof (any more). Before `pruned_below` entries may be missing.

    `staff` are the addresses of all who have a role, by their ids. `application` is the one that the event names, None
    where it is not there (any more).
    """

    last_index: int
    pruned_below: int
    entry: Entry | None
    event: StoredEvent | None
    kept: bytes | None
    checkpoint: SignedCheckpoint | None
    proof: TlogProof | None
    staff: dict[str, str]
    application: Application | None


async def describe_entry(tx: ReadTransaction, seal_key: bytes, index: int) -> EntryView:
    """All of it as of one moment."""
    entries = await log.entries(tx, index, 1)
    stretch = await audit.sealed_from(tx, seal_key, index, 1)
    tile, within = divmod(index, WIDTH)
    kept = (await log.tile(tx, 0, tile))[within * HASH_BYTES : (within + 1) * HASH_BYTES]
    try:
        proof = await prove_inclusion(tx, index)
    except ValueError:
        proof = None
    event = next((each for each in stretch.events if each.index == index), None)
    named = None if event is None else event.event.application_id
    return EntryView(
        last_index=await log.last_index(tx),
        pruned_below=await log_ranges.pruned_below(tx),
        entry=next((each for each in entries if each.index == index), None),
        event=event,
        kept=kept if len(kept) == HASH_BYTES else None,
        checkpoint=await log.latest_checkpoint(tx),
        proof=proof,
        staff=await operators.staff_addresses(tx),
        application=None if named is None else await applications.get(tx, named),
    )
