# SPDX-License-Identifier: Apache-2.0
"""The way home is a 307: the browser posts the secret on."""

from typing import Any

from attack.planted.scan import put

ROW = "A17"
WEAKNESS = "redirects keep the method and the form"


def plant() -> None:
    """307."""

    def kept(*arguments: Any) -> Any:
        response = go(*arguments)
        response.status_code = 307
        return response

    go = put("web.link_pages", "go", kept)
