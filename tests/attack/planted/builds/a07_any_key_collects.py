# SPDX-License-Identifier: Apache-2.0
"""Whoever has the device code has the login, as in RFC 8628 without proofs."""

ROW = "A7"
WEAKNESS = "a poll's key is not compared with the login's"


def plant() -> None:
    """Everything fits."""
    from counterfoil_service.web import bound_logins

    bound_logins.mismatch_of = lambda *_: None
