# SPDX-License-Identifier: Apache-2.0
"""Nobody remembers which proofs were used."""

from typing import Any

ROW = "A8"
WEAKNESS = "a proof may be sent twice"


def plant() -> None:
    """Neither the process nor the database objects."""
    from counterfoil_service.db import proofs
    from counterfoil_service.limiting.replay import ProcessReplayMemory

    async def remember(*_: Any) -> None:
        """Forget."""

    ProcessReplayMemory.remember = remember  # type: ignore[method-assign]  # that is the weakness
    proofs.check_spent = lambda _: None
