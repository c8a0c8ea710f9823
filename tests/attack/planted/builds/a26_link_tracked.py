# SPDX-License-Identifier: Apache-2.0
"""The mailed link leads through somebody who counts clicks."""

from attack.planted.scan import put

ROW = "A26"
WEAKNESS = "the mailed link leads to a click tracker first"


def plant() -> None:
    """As a provider with tracking rewrites it."""
    put("core.link", "url", lambda _, secret: f"https://click.example/l/{secret}")
