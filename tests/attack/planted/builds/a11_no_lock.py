# SPDX-License-Identifier: Apache-2.0
"""Codes may be tried for as long as the link lives."""

ROW = "A11"
WEAKNESS = "wrong codes lock nothing"


def plant() -> None:
    """Before the statements are made that hold the number."""
    from counterfoil_service.core import login

    login.MAX_TRIES = 1_000_000  # type: ignore[misc]  # that is the weakness
