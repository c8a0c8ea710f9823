# SPDX-License-Identifier: Apache-2.0
"""Any six letters approve."""

from types import SimpleNamespace

from attack.planted.scan import put

ROW = "A2"
WEAKNESS = "whatever code is typed is the right one"


def plant() -> None:
    """The comparison says yes."""
    put("operations.approve_login", "hmac", SimpleNamespace(compare_digest=lambda *_: True))
