# SPDX-License-Identifier: Apache-2.0
"""The redirect is the one that the request names."""

from attack.planted.scan import put

ROW = "A15"
WEAKNESS = "redirect URIs are not compared with the registered ones"


def plant() -> None:
    """Everything matches."""
    put("core.redirects", "match", lambda _, requested: requested)
