# SPDX-License-Identifier: Apache-2.0
"""The write that approves does not ask in which state the login is: everybody wins."""

from attack.planted.scan import put

ROW = "A9"
WEAKNESS = "approving is a write without a condition"
PAIR = True


def plant() -> None:
    """By the id alone."""
    from sqlalchemy import update

    from counterfoil_service.core.login import State
    from counterfoil_service.db.prepared import Statement
    from counterfoil_service.db.statements import constant, parameter
    from counterfoil_service.db.tables import logins

    columns = logins.c
    unconditional = Statement(
        update(logins)
        .where(columns.id == parameter("id"))
        .values(
            approved_at=parameter("now"),
            expires_at=parameter("deadline"),
            approved_by=parameter("by"),
            state=constant(State.APPROVED),
        )
        .returning(columns.id)
    )
    put("db.logins", "_APPROVE", unconditional)
