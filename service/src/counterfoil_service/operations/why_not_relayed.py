# SPDX-License-Identifier: Apache-2.0
"""Why a login is given no link by hand, as it stands now: somebody may have been faster since it was read."""

from counterfoil_service.core import relaying
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import State, current_state
from counterfoil_service.db import logins, relays
from counterfoil_service.db.engine import Context, ReadTransaction


async def why_not_relayed(tx: ReadTransaction, login_id: str, context: Context) -> Refusal | None:
    """None where it may be given one."""
    login = await logins.get(tx, login_id)
    if login is None:
        return relaying.no_login(login_id)
    if login.decoy:
        return relaying.refusal_of_decoy(await relays.held_back(tx, login.id))
    state = current_state(login.state, login.expires_at, context.now)
    if state is State.PENDING and login.relayed_at is None:
        return None
    return relaying.refusal_of(state)
