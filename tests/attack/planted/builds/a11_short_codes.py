# SPDX-License-Identifier: Apache-2.0
"""Codes of four letters: 17 bits."""

from attack.planted.scan import put

ROW = "A11"
WEAKNESS = "codes have four letters"


def plant() -> None:
    """Two fewer."""
    put("core.user_code", "LENGTH", 4)
