# SPDX-License-Identifier: Apache-2.0
"""A device is known by what it looks like."""

from typing import Any

ROW = "A21"
WEAKNESS = "a fitting fingerprint stands for the key"


def plant() -> None:
    """The machine is compared, the key is not."""
    from counterfoil_service.operations.bound_to import other_machine
    from counterfoil_service.web import bound_logins

    def by_looks(login: Any, _: Any, evidence: Any) -> Any:
        return other_machine(login, evidence)

    bound_logins.mismatch_of = by_looks
