# SPDX-License-Identifier: Apache-2.0
"""The log holds the links that were opened."""

import sys
from types import SimpleNamespace

from attack.planted.scan import put

ROW = "A16"
WEAKNESS = "links are logged"


def plant() -> None:
    """As an access log does."""
    from counterfoil_service.core import link

    def logged(secret: str) -> bool:
        sys.stderr.write(f"GET /l/{secret}\n")
        sys.stderr.flush()
        return link.well_formed(secret)

    put("web.link_pages", "link", SimpleNamespace(well_formed=logged))
