# SPDX-License-Identifier: Apache-2.0
"""A proof that was made for one address or method is good at every other."""

ROW = "A8"
WEAKNESS = "what a proof was made for is not looked at"


def plant() -> None:
    """Every target fits."""
    from counterfoil_service.crypto import dpop

    dpop._check_target = lambda *_: ""
