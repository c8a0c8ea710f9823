# SPDX-License-Identifier: Apache-2.0
"""The redirect is the one that the request names."""

ROW = "A15"
WEAKNESS = "redirect URIs are not compared with the registered ones"


def plant() -> None:
    """Everything matches."""
    from counterfoil_service.core import redirects

    redirects.match = lambda _, requested: requested
