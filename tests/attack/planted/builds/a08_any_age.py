# SPDX-License-Identifier: Apache-2.0
"""Proofs may be prepared ahead, and kept."""

ROW = "A8"
WEAKNESS = "the time of a proof is not looked at"


def plant() -> None:
    """Any whole number will do."""
    from counterfoil_service.crypto import dpop

    dpop._check_age = lambda iat, _: int(str(iat))
