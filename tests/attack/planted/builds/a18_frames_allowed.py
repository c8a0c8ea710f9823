# SPDX-License-Identifier: Apache-2.0
"""Any site may show our pages in a frame."""

from typing import Any

from attack.planted.scan import everywhere

ROW = "A18"
WEAKNESS = "pages may be framed"


def plant() -> None:
    """The policy without its ancestors."""
    from counterfoil_service.web import headers

    policy_of = headers.content_security_policy

    def without(*arguments: Any, **named: Any) -> str:
        return policy_of(*arguments, **named).replace("frame-ancestors 'none'; ", "")

    everywhere("web.headers", "content_security_policy", without)
