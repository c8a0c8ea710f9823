# SPDX-License-Identifier: Apache-2.0
"""Whoever approves is signed in, as in services whose link is the sign-in."""

from typing import Any

from attack.planted.scan import put

ROW = "A6"
WEAKNESS = "the browser that approves is given a session"


def plant() -> None:
    """The page that says so brings a cookie."""

    async def signed_in(*arguments: Any) -> Any:
        response = await approve(*arguments)
        response.set_cookie(key="session", value="s" * 43)
        return response

    approve = put("web.link_pages", "_approve", signed_in)
