# SPDX-License-Identifier: Apache-2.0
"""Nobody remembers which proofs were used."""

from typing import Any

from attack.planted.scan import put

ROW = "A8"
WEAKNESS = "a proof may be sent twice"


def plant() -> None:
    """Neither the process nor the database objects."""

    async def remember(*_: Any) -> None:
        """Forget."""

    put("limiting.replay:ProcessReplayMemory", "remember", remember)
    put("db.proofs", "check_spent", lambda _: None)
