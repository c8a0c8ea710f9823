# SPDX-License-Identifier: Apache-2.0
"""The button on the computer that asked lets the polling device in."""

from typing import Any

from attack.planted.scan import put

ROW = "A20"
WEAKNESS = "the same-device button approves the poll"


def plant() -> None:
    """Approve beside making the code."""
    from counterfoil_service.core.login import collection_deadline
    from counterfoil_service.crypto.keys import digest
    from counterfoil_service.db import logins

    async def approving(tx: Any, command: Any, context: Any) -> Any:
        issued = await issue_code(tx, command, context)
        login = await logins.by_link(tx, digest(command.secret))
        if login is not None:
            deadline = collection_deadline(context.now, login.expires_at)
            await logins.approve(tx, login.id, "user_code", now=context.now, deadline=deadline)
            await tx.notify(login.id)
        return issued

    issue_code = put("web.link_pages", "issue_code", approving)
