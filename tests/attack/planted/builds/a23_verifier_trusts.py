# SPDX-License-Identifier: Apache-2.0
"""`audit verify` looks at the signature of the newest checkpoint alone."""

from typing import Any

from attack.planted.scan import put

ROW = "A23"
WEAKNESS = "`audit verify` does not read the entries"


def plant() -> None:
    """All fits."""
    from counterfoil_service.audit.verify import Verified

    async def trusting(_source: Any, verifier: Any, _advance: Any) -> Verified:
        return Verified(verifier._last, verifier.total, 0)

    put("cli.verification", "verify", trusting)
