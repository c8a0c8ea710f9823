# SPDX-License-Identifier: Apache-2.0
"""The proof that an entry is in the log, for whoever holds the log's public key and nothing else of ours [R129]."""

from functools import partial

from counterfoil_service.core import tiles
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.db import cosignatures, log
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.read_proof import read_proof


async def prove_inclusion(tx: ReadTransaction, index: int) -> TlogProof | None:
    """Against the newest checkpoint, cosignatures and all; None where that covers no such entry (yet)."""
    checkpoint = await log.latest_checkpoint(tx)
    if checkpoint is None or index >= checkpoint.size:
        return None
    hashes = await read_proof(tx, partial(tiles.inclusion_proof, index, checkpoint.size))
    note = checkpoint.note + "".join(await cosignatures.lines(tx, checkpoint.size))
    return TlogProof(index=index, hashes=hashes, note=note)
