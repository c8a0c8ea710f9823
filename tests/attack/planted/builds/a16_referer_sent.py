# SPDX-License-Identifier: Apache-2.0
"""Pages let the browser tell where it was."""

from attack.planted.scan import put

ROW = "A16"
WEAKNESS = "pages send the Referer everywhere"


def plant() -> None:
    """Another policy."""
    from counterfoil_service.web import headers

    put("web.headers", "_ALWAYS", headers._ALWAYS | {"Referrer-Policy": "unsafe-url"})
