# SPDX-License-Identifier: Apache-2.0
"""Codes of four letters: 17 bits."""

ROW = "A11"
WEAKNESS = "codes have four letters"


def plant() -> None:
    """Two fewer."""
    from counterfoil_service.core import user_code

    user_code.LENGTH = 4  # type: ignore[misc]  # that is the weakness
