# SPDX-License-Identifier: Apache-2.0
"""The way home is a 307: the browser posts the secret on."""

from typing import Any

ROW = "A17"
WEAKNESS = "redirects keep the method and the form"


def plant() -> None:
    """307."""
    from counterfoil_service.web import link_pages

    go = link_pages.go

    def kept(*arguments: Any) -> Any:
        response = go(*arguments)
        response.status_code = 307
        return response

    link_pages.go = kept
