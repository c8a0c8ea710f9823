# SPDX-License-Identifier: Apache-2.0
"""The mailed link leads through somebody who counts clicks."""

ROW = "A26"
WEAKNESS = "the mailed link leads to a click tracker first"


def plant() -> None:
    """As a provider with tracking rewrites it."""
    from counterfoil_service.core import link

    link.url = lambda _, secret: f"https://click.example/l/{secret}"
