# SPDX-License-Identifier: Apache-2.0
"""A device is known by what it looks like."""

from attack.planted.scan import put

ROW = "A21"
WEAKNESS = "a fitting fingerprint stands for the key"


def plant() -> None:
    """The machine is compared, the key is not."""
    from counterfoil_service.operations.bound_to import other_machine

    put("web.bound_logins", "mismatch_of", lambda login, _, evidence: other_machine(login, evidence))
