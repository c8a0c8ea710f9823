# SPDX-License-Identifier: Apache-2.0
"""A proof that was made for one address or method is good at every other."""

from attack.planted.scan import put

ROW = "A8"
WEAKNESS = "what a proof was made for is not looked at"


def plant() -> None:
    """Every target fits."""
    put("crypto.dpop", "_check_target", lambda *_: "")
