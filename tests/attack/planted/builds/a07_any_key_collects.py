# SPDX-License-Identifier: Apache-2.0
"""Whoever has the device code has the login, as in RFC 8628 without proofs."""

from attack.planted.scan import put

ROW = "A7"
WEAKNESS = "a poll's key is not compared with the login's"


def plant() -> None:
    """Everything fits."""
    put("web.bound_logins", "mismatch_of", lambda *_: None)
