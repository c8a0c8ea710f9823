# SPDX-License-Identifier: Apache-2.0
"""Delivery reports are believed as they come."""

from typing import Any

ROW = "A25"
WEAKNESS = "the signature of a delivery report is not checked"


def plant() -> None:
    """The id is enough."""
    from counterfoil_service.web.mail_hooks import hook

    def believed(incoming: Any, _key: Any, *families: str) -> str:
        return str(incoming.headers.get(f"{families[0]}-id", "unsigned"))

    hook.signed_id = believed
