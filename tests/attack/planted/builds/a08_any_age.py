# SPDX-License-Identifier: Apache-2.0
"""Proofs may be prepared ahead, and kept."""

from attack.planted.scan import put

ROW = "A8"
WEAKNESS = "the time of a proof is not looked at"


def plant() -> None:
    """Any whole number will do."""
    put("crypto.dpop", "_check_age", lambda iat, _: iat)
