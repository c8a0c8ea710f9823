# SPDX-License-Identifier: Apache-2.0
"""A refresh token is good in anybody's hands, as a bearer's is."""

from typing import Any

from attack.planted.scan import put

ROW = "A22"
WEAKNESS = "a refresh token is bound to no key"


def plant() -> None:
    """Whoever proves a key proves the right one."""
    from msgspec.structs import replace

    from counterfoil_service.core.grant import session_of
    from counterfoil_service.db import sessions

    async def bearing(tx: Any, command: Any, context: Any) -> Any:
        session = await sessions.get(tx, session_of(command.token) or "")
        if session is not None and session.jkt is not None and command.proof is not None:
            command = replace(command, proof=replace(command.proof, jkt=session.jkt))
        return await refresh_session(tx, command, context)

    refresh_session = put("web.refresh_grant", "refresh_session", bearing)
