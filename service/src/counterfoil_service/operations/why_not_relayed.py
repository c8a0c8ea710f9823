# SPDX-License-Identifier: Apache-2.0
"""Why a login is given no link by hand, as it stands now: somebody may have been faster since it was read."""

from counterfoil_service.core import relaying
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import State, current_state
from counterfoil_service.core.operator import COMMAND_LINE
from counterfoil_service.db import logins, operators, relays
from counterfoil_service.db.engine import Context, ReadTransaction
from counterfoil_service.db.logins import Login


async def why_not_relayed(tx: ReadTransaction, login_id: str, context: Context) -> Refusal | None:
    """None where it may be given one."""
    login = await logins.get(tx, login_id)
    if login is None:
        return relaying.no_login(login_id)
    if await leads_a_colleague_in(tx, login, context):
        return relaying.refusal_of_colleague()
    if login.decoy:
        return relaying.refusal_of_decoy(await relays.held_back(tx, login.id))
    state = current_state(login.state, login.expires_at, context.now)
    if state is State.PENDING and login.relayed_at is None:
        return None
    return relaying.refusal_of(state)


async def leads_a_colleague_in(tx: ReadTransaction, login: Login, context: Context) -> bool:
    """Whether an operator at the console would be somebody else of the staff by this link."""
    if context.actor == COMMAND_LINE or login.application_id != OWN_ID:
        return False
    return await operators.by_mailbox(tx, login.mailbox) is not None
