# SPDX-License-Identifier: Apache-2.0
"""What is noted of a login that leaves its state as it is."""

from sqlalchemy import update

from counterfoil_service.core.login import State
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import logins

_c = logins.c
_REPORT = Statement(
    update(logins)
    .where(_c.id == parameter("id"), _c.reported_at.is_(None))
    .values(reported_at=parameter("now"))
    .returning(_c.id)
)
_SLOW_DOWN = Statement(
    update(logins)
    .where(_c.id == parameter("id"), _c.state == constant(State.PENDING))
    .values(poll_interval=_c.poll_interval + parameter("seconds"))
)


async def mark_reported(tx: Transaction, login_id: str, *, now: int) -> bool:
    """Somebody said "this was not me"; False when it was said before."""
    return await tx.one(_REPORT, {"id": login_id, "now": now}) is not None


async def slow_down(tx: Transaction, login_id: str, *, seconds: int) -> None:
    """Raise the poll interval for good (RFC 8628 §3.5)."""
    await tx.run(_SLOW_DOWN, {"id": login_id, "seconds": seconds})
