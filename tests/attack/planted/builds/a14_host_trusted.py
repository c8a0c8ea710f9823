# SPDX-License-Identifier: Apache-2.0
"""Links are built from what the request says of the host."""

from typing import Any

ROW = "A14"
WEAKNESS = "the mailed link is built from the Host header"


def plant() -> None:
    """The last request's host is the next mail's."""
    from counterfoil_service.core import link
    from counterfoil_service.web import oauth

    proof_of, seen = oauth.proof_of, ["localhost"]

    async def noting(request: Any, path: str) -> Any:
        seen[0] = request.headers.get("x-forwarded-host") or request.headers["host"]
        return await proof_of(request, path)

    oauth.proof_of = noting
    link.url = lambda _, secret: f"http://{seen[0]}/l/{secret}"
