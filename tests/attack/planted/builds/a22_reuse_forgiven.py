# SPDX-License-Identifier: Apache-2.0
"""An old refresh token is taken for an answer that was lost, however old it is."""

from typing import Any

from attack.planted.scan import put

ROW = "A22"
WEAKNESS = "the reuse of a refresh token is forgiven"


def plant() -> None:
    """Always a retry."""

    async def forgiven(*_: Any) -> bool:
        return True

    put("operations.refresh_session", "_is_retry", forgiven)
