# SPDX-License-Identifier: Apache-2.0
"""Codes may be tried for as long as the link lives."""

from attack.planted.scan import put

ROW = "A11"
WEAKNESS = "wrong codes lock nothing"


def plant() -> None:
    """Before the statements are made that hold the number."""
    put("core.login", "MAX_TRIES", 1_000_000)
