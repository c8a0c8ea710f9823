# SPDX-License-Identifier: Apache-2.0
"""Proofs need no nonce of the service's."""

from attack.planted.scan import put

ROW = "A8"
WEAKNESS = "the nonce of a proof is not looked at"


def plant() -> None:
    """None is as good as any."""
    put("crypto.dpop", "_check_nonce", lambda *_: None)
