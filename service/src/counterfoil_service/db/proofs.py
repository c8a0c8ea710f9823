# SPDX-License-Identifier: Apache-2.0
"""Proofs that granted something, each good for once across all replicas [R63]."""

from sqlalchemy import delete, select

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import due_rows, insert_unless_there, parameter
from counterfoil_service.db.tables import proofs

REMEMBERED = 120 * 1_000_000
"""Microseconds: longer than any proof is acceptable (60 s old to 30 s ahead)."""

_SPEND = insert_unless_there(proofs, proofs.c.expires_at)
_old = due_rows(select(proofs.c.replay_key).where(proofs.c.expires_at <= parameter("now")))
_PURGE = Statement(delete(proofs).where(proofs.c.replay_key.in_(_old)).returning(proofs.c.replay_key))


async def spend(tx: Transaction, proof: Proof, *, now: int) -> None:
    """Remember the proof; refuse it when it was seen before."""
    if await tx.one(_SPEND, {"replay_key": proof.replay_key, "expires_at": now + REMEMBERED}) is None:
        raise replayed()


def replayed() -> Refusal:
    """The answer to a proof that was used before."""
    return Refusal(ErrorCode.INVALID_DPOP_PROOF, "jti: this proof was used before; make a new one for every request")


async def purge(tx: Transaction, *, now: int, limit: int) -> int:
    """Forget at most `limit` proofs that are too old to be accepted anyway; how many."""
    return len(await tx.all(_PURGE, {"now": now, "limit": limit}))
