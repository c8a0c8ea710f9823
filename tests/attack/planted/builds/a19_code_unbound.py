# SPDX-License-Identifier: Apache-2.0
"""A code is good in anybody's hands."""

from attack.planted.scan import put

ROW = "A19"
WEAKNESS = "an authorization code is bound to no key, verifier or redirect"


def plant() -> None:
    """Nothing is amiss."""
    put("operations.redeem_code", "_mismatch", lambda *_: None)
