# SPDX-License-Identifier: Apache-2.0
"""Opening the link lets the waiting device in, as where a token handler confirms."""

from typing import Any

from attack.planted.scan import put

ROW = "A3"
WEAKNESS = "opening the link approves the device that waits"


def plant() -> None:
    """`open_link` approves."""
    from counterfoil_service.core.login import collection_deadline
    from counterfoil_service.db import logins

    async def open_link(tx: Any, command: Any, context: Any) -> None:
        login, now = command.login, context.now
        deadline = collection_deadline(now, login.expires_at)
        await logins.approve(tx, login.id, "user_code", now=now, deadline=deadline)
        await tx.notify(login.id)

    put("web.link_pages", "open_link", open_link)
