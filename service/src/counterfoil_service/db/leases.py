# SPDX-License-Identifier: Apache-2.0
"""Leases: among replicas, whose turn it is. One whose holder died runs out by itself."""

from typing import Any

from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import parameter
from counterfoil_service.db.tables import leases

_c = leases.c


def _taking(dialect: "Any") -> Executable:
    fresh = dialect.insert(leases).values(
        {"name": parameter("name"), "holder": parameter("holder"), "until": parameter("until")}
    )
    body: Executable = fresh.on_conflict_do_update(
        index_elements=[_c.name],
        set_={"holder": fresh.excluded.holder, "until": fresh.excluded.until},
        where=or_(_c.holder == fresh.excluded.holder, _c.until <= parameter("now")),
    ).returning(_c.name)
    return body


_TAKE = Statement(_taking(sqlite), postgresql=_taking(postgresql))


async def take(tx: Transaction, name: str, holder: str, until: int, now: int) -> bool:
    """Hold `name` until then, both in microseconds UTC; False while somebody else does.

    The holder of a lease may take it again, for longer or shorter: one that ends `now` is let go.
    """
    parameters = {"name": name, "holder": holder, "until": until, "now": now}
    return await tx.one(_TAKE, parameters) is not None
