# SPDX-License-Identifier: Apache-2.0
"""Polls may come as fast as they like, and beside each other."""

ROW = "A29"
WEAKNESS = "polls have no pace"


def plant() -> None:
    """Neither early nor held."""
    from counterfoil_service.web import pace

    class Unpaced(pace.Pace):
        """Every poll is the first."""

        def is_early(self, _interval: int, _now: int) -> bool:
            """Never."""
            return False

    pace.Pace = Unpaced  # type: ignore[misc]  # that is the weakness
