# SPDX-License-Identifier: Apache-2.0
"""Delivery reports are believed as they come."""

from typing import Any

from attack.planted.scan import put

ROW = "A25"
WEAKNESS = "the signature of a delivery report is not checked"


def plant() -> None:
    """The id is enough."""

    def believed(incoming: Any, _key: Any, *families: str) -> str:
        return str(incoming.headers.get(f"{families[0]}-id", "unsigned"))

    put("web.mail_hooks.hook", "signed_id", believed)
