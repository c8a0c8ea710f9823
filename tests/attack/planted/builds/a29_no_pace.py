# SPDX-License-Identifier: Apache-2.0
"""Polls may come as fast as they like, and beside each other."""

from attack.planted.scan import put

ROW = "A29"
WEAKNESS = "polls have no pace"


def plant() -> None:
    """Neither early nor held."""
    from counterfoil_service.core import polling

    class Unpaced(polling.Pace):
        """Every poll is the first."""

        def is_early(self, _interval: int, _now: int) -> bool:
            """Never."""
            return False

    put("web.pace", "Pace", Unpaced)
