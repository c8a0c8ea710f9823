# SPDX-License-Identifier: Apache-2.0
"""An old refresh token is taken for an answer that was lost, however old it is."""

from typing import Any

ROW = "A22"
WEAKNESS = "the reuse of a refresh token is forgiven"


def plant() -> None:
    """Always a retry."""
    from counterfoil_service.operations import refresh_session

    async def forgiven(*_: Any) -> bool:
        return True

    refresh_session._is_retry = forgiven
