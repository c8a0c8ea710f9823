# SPDX-License-Identifier: Apache-2.0
"""A GET spends the link, as in services that sign in by it."""

from typing import Any

from attack.planted.scan import put

ROW = "A1"
WEAKNESS = "opening the link ends the login"


def plant() -> None:
    """`open_link` cancels."""
    from counterfoil_service.core.login import Trigger
    from counterfoil_service.db import logins

    async def open_link(tx: Any, command: Any, context: Any) -> None:
        await logins.end(tx, command.login.id, Trigger.CANCEL, now=context.now)

    put("web.link_pages", "open_link", open_link)
