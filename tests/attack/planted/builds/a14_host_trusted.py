# SPDX-License-Identifier: Apache-2.0
"""Links are built from what the request says of the host."""

from typing import Any

from attack.planted.scan import put

ROW = "A14"
WEAKNESS = "the mailed link is built from the Host header"


def plant() -> None:
    """The last request's host is the next mail's."""
    seen = ["localhost"]

    async def noting(request: Any, path: str) -> Any:
        seen[0] = request.headers.get("x-forwarded-host") or request.headers["host"]
        return await proof_of(request, path)

    proof_of = put("web.oauth", "proof_of", noting)
    put("core.link", "url", lambda _, secret: f"http://{seen[0]}/l/{secret}")
