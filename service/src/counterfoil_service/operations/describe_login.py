# SPDX-License-Identifier: Apache-2.0
"""Everything that an operator sees of one login before relaying its link or cancelling it."""

import msgspec

from counterfoil_service.core.login import State, current_state
from counterfoil_service.db import four_eyes, logins
from counterfoil_service.db.engine import Context, ReadTransaction
from counterfoil_service.db.four_eyes import MOST_REQUESTS, ShownRequest
from counterfoil_service.db.login_pages import LoginRow, login_row
from counterfoil_service.operations.why_not_relayed import why_not_relayed


class LoginView(msgspec.Struct, frozen=True):
    """`state` as of now; `not_relayed` says why no link is given by hand, None where one may be."""

    row: LoginRow
    state: State
    place: str | None
    misses: int
    approved_at: int | None
    completed_at: int | None
    not_relayed: str | None
    requests: list[ShownRequest]

    def __repr__(self) -> str:
        return f"LoginView(row={self.row!r})"


async def describe_login(tx: ReadTransaction, login_id: str, context: Context) -> LoginView | None:
    """As of one moment; None where there is no such login."""
    row, login = await login_row(tx, login_id), await logins.get(tx, login_id)
    if row is None or login is None:
        return None
    refusal = await why_not_relayed(tx, login_id, context)
    return LoginView(
        row=row,
        state=current_state(login.state, login.expires_at, context.now),
        place=login.place,
        misses=login.misses,
        approved_at=login.approved_at,
        completed_at=login.completed_at,
        not_relayed=None if refusal is None else refusal.description,
        requests=await four_eyes.requests_about(tx, "relay", login.id, MOST_REQUESTS),
    )
