# SPDX-License-Identifier: Apache-2.0
"""Any six letters approve."""

from types import SimpleNamespace

ROW = "A2"
WEAKNESS = "whatever code is typed is the right one"


def plant() -> None:
    """The comparison says yes."""
    from counterfoil_service.operations import approve_login

    approve_login.hmac = SimpleNamespace(compare_digest=lambda *_: True)  # type: ignore[assignment]  # that is the weakness
