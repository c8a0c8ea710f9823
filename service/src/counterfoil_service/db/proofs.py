# SPDX-License-Identifier: Apache-2.0
"""Proofs that granted something, each good for once across all replicas [R63]."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db.engine import Query, Row, Transaction
from counterfoil_service.db.statements import change_due, due_rows, insert_unless_there, parameter
from counterfoil_service.db.tables import proofs

REMEMBERED = 120 * 1_000_000
"""Microseconds: longer than any proof is acceptable (60 s old to 30 s ahead)."""

_SPEND = insert_unless_there(proofs, proofs.c.expires_at)
_old = due_rows(select(proofs.c.replay_key).where(proofs.c.expires_at <= parameter("now")), proofs.c.expires_at)
_PURGE = change_due(delete(proofs).returning(proofs.c.replay_key), proofs.c.replay_key, _old)


async def spend(tx: Transaction, proof: Proof, *, now: int) -> None:
    """Remember the proof; refuse it when it was seen before."""
    check_spent(await tx.all(*spending(proof, now=now)))


def spending(proof: Proof, *, now: int) -> Query:
    """For `gather`: what `check_spent` is then given."""
    return _SPEND, {"replay_key": proof.replay_key, "expires_at": now + REMEMBERED}


def check_spent(rows: Sequence[Row]) -> None:
    """Refuse a proof that was remembered before."""
    if not rows:
        raise replayed()


def replayed() -> Refusal:
    """The answer to a proof that was used before."""
    return Refusal(ErrorCode.INVALID_DPOP_PROOF, "jti: this proof was used before; make a new one for every request")


async def purge(tx: Transaction, *, now: int, limit: int) -> int:
    """Forget at most `limit` proofs that are too old to be accepted anyway; how many."""
    return len(await tx.all(_PURGE, {"now": now, "limit": limit}))
