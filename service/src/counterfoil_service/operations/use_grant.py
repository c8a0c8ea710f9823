# SPDX-License-Identifier: Apache-2.0
"""Use up, in the transaction of the act itself, what a second operator granted; without it the act does not happen.

The acts call this themselves, so that no page and no endpoint can go around it. The command line is free of it: whoever
has the service's machine has its database.
"""

import msgspec

from counterfoil_service.core.four_eyes import Act, granter_left, needs_second_person
from counterfoil_service.core.operator import COMMAND_LINE
from counterfoil_service.db import four_eyes, operators
from counterfoil_service.db.engine import Context, Transaction


class UseGrant(msgspec.Struct, frozen=True):
    """`target` as in `core.four_eyes.SecondPerson`."""

    act: Act
    target: str


async def use_grant(tx: Transaction, command: UseGrant, context: Context) -> str | None:
    """Who granted it, None where it takes nobody; a Refusal where nobody has granted it to whoever acts."""
    if context.actor == COMMAND_LINE or command.act not in context.settings.four_eyes:
        return None
    granted_by = await four_eyes.use(tx, command.act, command.target, by=context.actor, now=context.now)
    if granted_by is None:
        raise needs_second_person()
    granter = await operators.get(tx, granted_by)
    if granter is None or granter.role != "operator":
        raise granter_left()
    return granted_by
